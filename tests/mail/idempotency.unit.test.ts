import { describe, expect, it } from 'vitest';
import { draft, eventually, tempDir, testMail, testSmtpServer } from './support.ts';

const keyed = { ...draft, idempotencyKey: 'form-1' };

describe('idempotency key', () => {
  it('returns the same mail for the same draft, with its current status', async () => {
    const server = await testSmtpServer();
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const first = await mail.send(keyed);
    await eventually(async () => expect((await mail.status(first.id)).status).toBe('sent'));
    const second = await mail.send(keyed);
    expect(second).toEqual({ ...first, status: 'sent', duplicate: true });
    expect(server.messages).toHaveLength(1);
  });

  it.each([
    { contents: 'other' },
    { subject: undefined },
    { name: 'Grace' },
    { email: 'grace@visitor.example' },
  ])('rejects a different draft: %o', async (change) => {
    const { mail } = testMail({});
    await mail.send(keyed);
    await expect(mail.send({ ...keyed, ...change })).rejects.toMatchObject({
      reason: 'idempotency_conflict',
    });
  });

  it('distinguishes the fields of a draft', async () => {
    const { mail } = testMail({});
    await mail.send({ email: draft.email, contents: 'x', name: 'y', idempotencyKey: 'k' });
    const swapped = { email: draft.email, contents: 'x', subject: 'y', idempotencyKey: 'k' };
    await expect(mail.send(swapped)).rejects.toMatchObject({ reason: 'idempotency_conflict' });
  });

  it('creates one mail for twenty concurrent calls on two connections', async () => {
    const server = await testSmtpServer();
    const env = { SMTP_URL: server.url, DATA_DIR: tempDir() };
    const services = [testMail(env).mail, testMail(env).mail];
    for (const mail of services) mail.start();
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => services[index % 2]?.send(keyed)),
    );
    expect(new Set(receipts.map((receipt) => receipt?.id)).size).toBe(1);
    expect(receipts.filter((receipt) => receipt?.duplicate === false)).toHaveLength(1);
    const id = receipts[0]?.id ?? '';
    await eventually(async () => expect((await services[0]?.status(id))?.status).toBe('sent'));
    await Promise.all(services.map((mail) => mail.stop()));
    expect(server.messages).toHaveLength(1);
  });

  it('creates one mail per call without a key', async () => {
    const { mail } = testMail({});
    const [first, second] = await Promise.all([mail.send(draft), mail.send(draft)]);
    expect(first.id).not.toBe(second.id);
  });
});
