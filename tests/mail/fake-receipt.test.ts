import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFakeIds } from '#server/mail/fake-ids.ts';
import { addresses, draft, testMail } from './support.ts';

const siteUrl = addresses.siteUrl;
const uuidV4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe('a fake id', () => {
  test('is a UUID v4 from which any instance of the site recovers the time', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true }), (time) => {
        const id = createFakeIds(siteUrl).create(time);
        expect(id).toMatch(uuidV4);
        expect(createFakeIds(siteUrl).acceptedAtOf(id)).toEqual(time);
      }),
    );
  });

  test('does not reveal the time: ids of the same moment share no prefix and look random', () => {
    const { create } = createFakeIds(siteUrl);
    const time = new Date();
    const ids = Array.from({ length: 1_000 }, () => create(time));
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBeGreaterThan(990);
    expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(1_000);
    expect(new Set(ids.map((id) => id[19]))).toEqual(new Set(['8', '9', 'a', 'b']));
  });

  test('is not recognized by another site, nor after any change', () => {
    const { create, acceptedAtOf } = createFakeIds(siteUrl);
    const id = create(new Date());
    expect(createFakeIds('https://other.example').acceptedAtOf(id)).toBeUndefined();
    for (const index of Array.from(id).keys()) {
      const changed = `${id.slice(0, index)}${id[index] === '8' ? '9' : '8'}${id.slice(index + 1)}`;
      expect(acceptedAtOf(changed)).toBeUndefined();
    }
  });

  test('is never a random UUID or other text', () => {
    const { acceptedAtOf } = createFakeIds(siteUrl);
    for (let n = 0; n < 10_000; n += 1) expect(acceptedAtOf(randomUUID())).toBeUndefined();
    for (const id of ['', 'unknown', '0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11']) {
      expect(acceptedAtOf(id)).toBeUndefined();
    }
  });
});

describe('a fake receipt', () => {
  test.each([
    ['smtp', { SMTP_URL: 'smtp://127.0.0.1:1' }, 'queued'],
    ['inbox', { NODE_ENV: 'test' as const }, 'queued'],
    ['held', {}, 'held'],
  ])('has the form of a real one in %s mode', async (mode, env, status) => {
    const { mail } = testMail(env);
    expect(mail.mode).toBe(mode);
    const fake = mail.fakeReceipt();
    const real = await mail.send(draft);
    expect(real).toEqual({ ...fake, id: real.id, messageId: `<${real.id}@site.example>` });
    expect(fake).toMatchObject({ messageId: `<${fake.id}@site.example>`, status, duplicate: false });
  });

  test('has the state of an unattempted mail at every instance, also after a restart, and stores nothing', async () => {
    const before = Date.now();
    const first = testMail({ SMTP_URL: 'smtp://127.0.0.1:1' }).mail;
    const { id } = first.fakeReceipt();
    const after = Date.now();
    const other = testMail({ SMTP_URL: 'smtp://127.0.0.1:1' }).mail;
    for (const mail of [first, other]) {
      const state = await mail.status(id);
      expect(state).toEqual({
        id,
        status: 'queued',
        attempts: 0,
        acceptedAt: expect.any(Date),
        sentAt: null,
      });
      expect(state.acceptedAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(state.acceptedAt.getTime()).toBeLessThanOrEqual(after);
    }
    expect(await first.operations.counts()).toEqual({ queued: 0, sending: 0, sent: 0, dead: 0, held: 0 });
    await expect(first.status(randomUUID())).rejects.toMatchObject({ reason: 'not_found' });
  });
});
