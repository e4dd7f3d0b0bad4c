import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Outbox } from '#server/mail/outbox.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { draft, type MailStorage, onEachEngine, pass, testMail, testOutbox, testStorage } from './support.ts';

const suspected = { ...draft, suspicion: 'hidden_field' } as const;

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let storage: MailStorage;
  let outbox: Outbox;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    storage = await testStorage(postgres);
    outbox = await testOutbox(storage);
  });

  it('a suspected mail is kept and not delivered, also after a restart with a mail server', async () => {
    const receipt = await outbox.enqueue(suspected);
    expect(receipt).toMatchObject({ status: 'held', duplicate: false });
    expect(await outbox.status(receipt.id)).toMatchObject({ status: 'held', attempts: 0 });
    expect(await outbox.releaseHeld()).toBe(0);
    await pass(storage, 365 * 24 * 60 * 60_000);
    expect(await outbox.deleteSent(0)).toBe(0);
    expect(await outbox.claim()).toBeUndefined();
    expect(await outbox.get(receipt.id)).toMatchObject({
      ...draft,
      status: 'suspected',
      suspicion: 'hidden_field',
      nextAttemptAt: null,
    });
  });

  it('the operator lists suspected mails apart from dead ones', async () => {
    const { id } = await outbox.enqueue(suspected);
    await outbox.enqueue(draft);
    const mail = await outbox.claim();
    await outbox.markDead(mail?.id ?? '', mail?.token ?? '', 'RCPT TO 550');
    const listed = async (status: 'suspected' | 'dead' | 'held') =>
      (await outbox.list({ status, limit: 10 })).map((found) => found.id);
    expect(await listed('suspected')).toEqual([id]);
    expect(await listed('dead')).toEqual([mail?.id]);
    expect(await listed('held')).toEqual([]);
    expect(await outbox.counts()).toEqual({
      queued: 0,
      sending: 0,
      sent: 0,
      dead: 1,
      held: 0,
      suspected: 1,
    });
  });

  it('a released mail is delivered like any other, and may die like any other', async () => {
    const { id } = await outbox.enqueue(suspected);
    expect(await outbox.requeue(id)).toBe(true);
    expect(await outbox.status(id)).toMatchObject({ status: 'queued' });
    const mail = await outbox.claim();
    expect(mail).toMatchObject({ id, ...draft, attempt: 1 });
    await outbox.markDead(id, mail?.token ?? '', 'RCPT TO 550');
    expect(await outbox.get(id)).toMatchObject({ status: 'dead', suspicion: null });
  });

  it('a suspected mail can be discarded', async () => {
    const { id } = await outbox.enqueue(suspected);
    expect(await outbox.discard(id)).toBe(true);
    expect(await outbox.get(id)).toBeUndefined();
  });

  it('the key of a suspected mail is used: a repeated call creates no second mail', async () => {
    const keyed = { ...suspected, idempotencyKey: 'form-1' };
    const first = await outbox.enqueue(keyed);
    const { suspicion: _, ...again } = keyed;
    expect(await outbox.enqueue(again)).toEqual({ ...first, duplicate: true });
  });

  // Earlier releases know no suspicion: they must neither deliver the mail nor delete it.
  it('a suspected mail is a dead one for earlier releases', async () => {
    const { id } = await outbox.enqueue(suspected);
    const { queries } = await storage.open();
    const rows = await queries.selectFrom('mail').select(['id', 'status']).execute();
    expect(rows).toEqual([{ id, status: 'dead' }]);
  });
});

describe('the mail service', () => {
  it.each([
    ['smtp', { SMTP_URL: 'smtp://127.0.0.1:1' }],
    ['inbox', { NODE_ENV: 'test' as const }],
    ['held', {}],
  ])('tells the sender in %s mode that the mail is held, and logs it for the operator', async (mode, env) => {
    const { mail, lines } = testMail(env);
    expect(mail.mode).toBe(mode);
    const { id, status } = await mail.send(suspected);
    expect(status).toBe('held');
    expect(await mail.status(id)).toMatchObject({ id, status: 'held', attempts: 0, sentAt: null });
    const logged = lines.filter((line) => line.includes(id)).join();
    expect(logged).toContain('"suspicion":"hidden_field"');
    expect(logged).not.toContain(draft.email);
  });
});
