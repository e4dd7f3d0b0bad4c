import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { createDispatcher } from '#server/mail/dispatcher.ts';
import { createOutbox, type Outbox, type Receipt } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import {
  draft,
  eventually,
  type MailStorage,
  onEachEngine,
  pass,
  testOutbox,
  testStorage,
} from './support.ts';

const timing = { lease: 60_000, backoffCap: 600_000 };
const year = 365 * 24 * 60 * 60_000;

async function claimDue(outbox: Outbox): Promise<ClaimedMail> {
  const mail = await outbox.claim();
  if (!mail) throw new Error('No mail was due.');
  return mail;
}

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
    outbox = await testOutbox(storage, { timing });
  });

  describe('claims', () => {
    it('a mail is claimed by one dispatcher', async () => {
      const { id } = await outbox.enqueue(draft);
      expect(await claimDue(outbox)).toMatchObject({ id, ...draft, attempt: 1, crashedClaims: 0 });
      expect(await outbox.claim()).toBeUndefined();
      expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 1 });
    });

    it('a claimed mail carries the traceparent that it was accepted in, or null', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const trace = parseTraceparent(traceparent);
      const { id } = await currentTrace.run(trace, () => outbox.enqueue(draft));
      const first = await claimDue(outbox);
      expect(first).toMatchObject({ id, traceparent });
      await outbox.retryLater(id, first.token, { delay: 0, lastError: null, countAttempt: true });
      expect(await claimDue(outbox)).toMatchObject({ id, traceparent, attempt: 2 });
      await outbox.enqueue(draft);
      expect(await claimDue(outbox)).toMatchObject({ traceparent: null });
    });

    it('each of a thousand mails is claimed once over two connections', async () => {
      const other = await testOutbox(storage, { timing });
      const sent: Receipt[] = [];
      while (sent.length < 1_000) {
        sent.push(...(await Promise.all(Array.from({ length: 50 }, () => outbox.enqueue(draft)))));
      }
      const sendAll = async (from: Outbox) => {
        const ids: string[] = [];
        for (let mail = await from.claim(); mail; mail = await from.claim()) {
          ids.push(mail.id);
          expect(await from.complete(mail.id, mail.token)).toBe(true);
        }
        return ids;
      };
      const [one = [], two = []] = await Promise.all([sendAll(outbox), sendAll(other)]);
      expect([...one, ...two].sort()).toEqual(sent.map(({ id }) => id).sort());
      expect(await outbox.counts()).toEqual({
        queued: 0,
        sending: 0,
        sent: 1_000,
        dead: 0,
        held: 0,
        suspected: 0,
      });
    }, 60_000);

    it('a mail is claimed again after its lease expires, and the first claim cannot record an outcome', async () => {
      const { id } = await outbox.enqueue(draft);
      const first = await claimDue(outbox);
      await pass(storage, timing.lease - 30_000);
      expect(await outbox.claim()).toBeUndefined();
      await pass(storage, 31_000);
      const second = await claimDue(outbox);
      expect(second).toMatchObject({ id, attempt: 2, crashedClaims: 1 });

      const retry = { delay: 0, lastError: null, countAttempt: true };
      expect(await outbox.complete(id, first.token)).toBe(false);
      expect(await outbox.markDead(id, first.token, 'late')).toBe(false);
      expect(await outbox.retryLater(id, first.token, retry)).toBe(false);
      expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 2, sentAt: null });

      expect(await outbox.complete(id, second.token)).toBe(true);
      expect(await outbox.status(id)).toMatchObject({ status: 'sent', sentAt: expect.any(Date) });
      expect(await outbox.complete(id, second.token)).toBe(false);
      expect(await outbox.claim()).toBeUndefined();
    });

    it('the mail that has been due the longest is claimed first, of several the one that was accepted first', async () => {
      const first = await outbox.enqueue(draft);
      await pass(storage, 10);
      const second = await outbox.enqueue(draft);
      await pass(storage, 10);
      const third = await outbox.enqueue(draft);
      const mail = await claimDue(outbox);
      expect(mail.id).toBe(first.id);
      await pass(storage, 10);
      await outbox.retryLater(mail.id, mail.token, { delay: 0, lastError: 'x', countAttempt: true });
      const ids = [await claimDue(outbox), await claimDue(outbox), await claimDue(outbox)].map(
        ({ id }) => id,
      );
      expect(ids).toEqual([second.id, third.id, first.id]);
    });

    it('held mails are released in the order in which they were accepted', async () => {
      const holding = await testOutbox(storage, { hold: true });
      const accepted: string[] = [];
      for (let count = 0; count < 5; count += 1) {
        accepted.push((await holding.enqueue(draft)).id);
        await pass(storage, 10);
      }
      await holding.releaseHeld();
      const claimed: string[] = [];
      for (const _ of accepted) claimed.push((await claimDue(holding)).id);
      expect(claimed).toEqual(accepted);
    });

    it('a mail whose claim has ended without an outcome goes before those that are due', async () => {
      await outbox.enqueue(draft);
      const { id } = await claimDue(outbox);
      await outbox.enqueue(draft);
      await pass(storage, timing.lease + 1_000);
      expect(await claimDue(outbox)).toMatchObject({ id, crashedClaims: 1 });
    });

    it('a mail is not due before its next attempt, even after a fractional delay', async () => {
      const { id } = await outbox.enqueue(draft);
      const mail = await claimDue(outbox);
      await outbox.retryLater(id, mail.token, { delay: 300_000.4, lastError: 'x', countAttempt: true });
      expect(await outbox.claim()).toBeUndefined();
      await pass(storage, 300_001);
      expect(await claimDue(outbox)).toMatchObject({ id, attempt: 2, crashedClaims: 0 });
    });

    it('an uncounted attempt is subtracted', async () => {
      const { id } = await outbox.enqueue(draft);
      const mail = await claimDue(outbox);
      await outbox.retryLater(id, mail.token, { delay: 0, lastError: 'x', countAttempt: false });
      expect(await outbox.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
    });

    it('a clock that was set back delays no mail', async () => {
      const { id } = await outbox.enqueue(draft);
      await pass(storage, -year);
      const mail = await claimDue(outbox);
      expect(mail).toMatchObject({ id });
      await pass(storage, -year);
      expect(await claimDue(outbox)).toMatchObject({ id, attempt: 2 });
    });

    it('the age of a held mail starts at its release', async () => {
      const holding = await testOutbox(storage, { hold: true });
      const { id } = await holding.enqueue(draft);
      await pass(storage, 10 * 24 * 60 * 60_000);
      expect(await holding.claim()).toBeUndefined();
      expect(await holding.releaseHeld()).toBe(1);
      const mail = await claimDue(holding);
      expect(mail.age).toBeLessThan(60_000);
      await holding.markDead(id, mail.token, 'x');
      expect(await holding.claim()).toBeUndefined();
      expect(await holding.releaseHeld()).toBe(0);
    });
  });

  describe('idempotency', () => {
    const keyed = { ...draft, idempotencyKey: 'form-1' };

    it('creates one mail for twenty concurrent calls on two connections', async () => {
      const other = await testOutbox(storage);
      const receipts = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? outbox : other).enqueue(keyed)),
      );
      expect(new Set(receipts.map(({ id }) => id)).size).toBe(1);
      expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      await expect(outbox.enqueue({ ...keyed, contents: 'other' })).rejects.toMatchObject({
        reason: 'idempotency_conflict',
      });
      expect(await outbox.list({ limit: 10 })).toHaveLength(1);
    });
  });

  describe('operations', () => {
    it('list, get, requeue and discard mails', async () => {
      const { id, messageId } = await outbox.enqueue(draft);
      const kept = await outbox.enqueue({ ...draft, idempotencyKey: 'kept' });
      const mail = await claimDue(outbox);
      expect([await outbox.requeue(mail.id), await outbox.discard(mail.id)]).toEqual([false, false]);
      await outbox.markDead(mail.id, mail.token, 'RCPT TO 550');
      expect(await outbox.list({ status: 'dead', limit: 10 })).toMatchObject([
        { id: mail.id, status: 'dead', lastError: 'RCPT TO 550', nextAttemptAt: null },
      ]);
      expect(await outbox.get(id)).toMatchObject({ id, messageId, ...draft });
      expect(await outbox.requeue(mail.id)).toBe(true);
      expect(await outbox.status(mail.id)).toMatchObject({ status: 'queued', attempts: 0 });
      expect(await outbox.discard(kept.id)).toBe(true);
      expect(await outbox.get(kept.id)).toBeUndefined();
      expect(await outbox.enqueue({ ...draft, idempotencyKey: 'kept' })).toMatchObject({ duplicate: false });
      expect([await outbox.requeue('none'), await outbox.discard('none')]).toEqual([false, false]);
    });

    it('delete old sent mails, but no dead, held or queued ones', async () => {
      const ids: Record<string, string> = {};
      for (const outcome of ['sent', 'dead', 'queued']) {
        const { id } = await outbox.enqueue(draft);
        ids[outcome] = id;
        const mail = outcome === 'queued' ? undefined : await claimDue(outbox);
        if (outcome === 'sent' && mail) {
          await outbox.inbox.deliver(id, 'raw');
          await outbox.complete(id, mail.token);
        }
        if (outcome === 'dead' && mail) await outbox.markDead(id, mail.token, 'x');
      }
      const held = await (await testOutbox(storage, { hold: true })).enqueue(draft);
      await pass(storage, 40 * 24 * 60 * 60_000);
      expect(await outbox.deleteSent(60 * 24 * 60 * 60_000)).toBe(0);
      expect(await outbox.deleteSent(30 * 24 * 60 * 60_000)).toBe(1);
      expect(await outbox.get(ids.sent ?? '')).toBeUndefined();
      for (const id of [ids.dead, ids.queued, held.id]) expect(await outbox.get(id ?? '')).toBeDefined();
    });
  });

  describe('a poison mail (every process that claims it dies)', () => {
    it('is marked dead after five claims, and other mails are delivered', async () => {
      const poison = await outbox.enqueue(draft);
      const healthy = await outbox.enqueue(draft);
      for (let death = 0; death < mailTiming.crashedClaims; death += 1) {
        const mail = await claimDue(outbox);
        expect(mail.id).toBe(poison.id);
        // Simulates a crash: no outcome, and the lease expires. The poison mail stays first in the queue.
        const { queries } = await storage.open();
        await queries
          .updateTable('mail')
          .set({ lease_until: 0, next_attempt_at: 0 })
          .where('id', '=', mail.id)
          .execute();
      }
      const sent: string[] = [];
      const dispatcher = createDispatcher({
        outbox: async () => outbox,
        transport: { kind: 'smtp', send: async ({ id }) => void sent.push(id) },
        log: createLogger({ level: 'silent' }),
      });
      onTestFinished(() => dispatcher.stop());
      dispatcher.start();
      await eventually(async () => expect((await outbox.status(healthy.id))?.status).toBe('sent'));
      expect((await outbox.status(poison.id))?.status).toBe('dead');
      expect(sent).toEqual([healthy.id]);
    });
  });

  describe('storage', () => {
    it('rejects with mail_unavailable after the database is closed', async () => {
      const db = await storage.open();
      const closed = createOutbox(db, { siteUrl: 'http://localhost' });
      await closed.enqueue(draft);
      await db.close();
      const failed = { reason: 'mail_unavailable', cause: expect.anything() };
      await expect(closed.enqueue(draft)).rejects.toMatchObject(failed);
      await expect(closed.claim()).rejects.toMatchObject(failed);
      await expect(closed.status('x')).rejects.toMatchObject(failed);
      await expect(closed.inbox.list()).rejects.toMatchObject(failed);
    });

    it('five instances can open an empty database at the same time', async () => {
      const empty = await testStorage(postgres);
      const outboxes = await Promise.all(Array.from({ length: 5 }, () => testOutbox(empty)));
      const receipts = await Promise.all(outboxes.map((each) => each.enqueue(draft)));
      expect(new Set(receipts.map(({ id }) => id)).size).toBe(5);
    });

    it('the inbox keeps the first delivery of a message', async () => {
      const { id } = await outbox.enqueue(draft);
      await outbox.inbox.deliver(id, 'first');
      await outbox.inbox.deliver(id, 'second');
      expect(await outbox.inbox.get(id)).toMatchObject({ id, email: draft.email, raw: 'first' });
      expect(await outbox.inbox.list()).toHaveLength(1);
    });
  });
});
