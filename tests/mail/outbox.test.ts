import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { createDispatcher } from '#server/mail/dispatcher.ts';
import { createOutbox, type Outbox, type Receipt } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { draft, eventually, type MailPlace, onEachEngine, pass, testOutbox, testPlace } from './support.ts';

const timing = { lease: 60_000, backoffCap: 600_000 };
const year = 365 * 24 * 60 * 60_000;

async function claimed(outbox: Outbox): Promise<ClaimedMail> {
  const mail = await outbox.claim();
  if (!mail) throw new Error('No mail was due.');
  return mail;
}

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let place: MailPlace;
  let outbox: Outbox;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    place = await testPlace(postgres);
    outbox = await testOutbox(place, { timing });
  });

  describe('claims', () => {
    it('gives a mail to one dispatcher', async () => {
      const { id } = await outbox.enqueue(draft);
      expect(await claimed(outbox)).toMatchObject({ id, ...draft, attempt: 1, unfinished: 0 });
      expect(await outbox.claim()).toBeUndefined();
      expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 1 });
    });

    it('gives a mail with the trace that it was accepted in, and one without a trace without', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const trace = parseTraceparent(traceparent);
      const { id } = await currentTrace.run(trace, () => outbox.enqueue(draft));
      const first = await claimed(outbox);
      expect(first).toMatchObject({ id, traceparent });
      await outbox.retryLater(id, first.token, { delay: 0, lastError: null, countAttempt: true });
      expect(await claimed(outbox)).toMatchObject({ id, traceparent, attempt: 2 });
      await outbox.enqueue(draft);
      expect(await claimed(outbox)).toMatchObject({ traceparent: null });
    });

    it('gives each of a thousand mails once over two connections', async () => {
      const other = await testOutbox(place, { timing });
      const sent: Receipt[] = [];
      while (sent.length < 1_000) {
        sent.push(...(await Promise.all(Array.from({ length: 50 }, () => outbox.enqueue(draft)))));
      }
      const drain = async (from: Outbox) => {
        const ids: string[] = [];
        for (let mail = await from.claim(); mail; mail = await from.claim()) {
          ids.push(mail.id);
          expect(await from.complete(mail.id, mail.token)).toBe(true);
        }
        return ids;
      };
      const [one = [], two = []] = await Promise.all([drain(outbox), drain(other)]);
      expect([...one, ...two].sort()).toEqual(sent.map(({ id }) => id).sort());
      expect(await outbox.counts()).toEqual({ queued: 0, sending: 0, sent: 1_000, dead: 0, held: 0 });
    }, 60_000);

    it('gives a mail anew when its lease has ended, and ignores the late outcome of the first', async () => {
      const { id } = await outbox.enqueue(draft);
      const first = await claimed(outbox);
      await pass(place, timing.lease - 30_000);
      expect(await outbox.claim()).toBeUndefined();
      await pass(place, 31_000);
      const second = await claimed(outbox);
      expect(second).toMatchObject({ id, attempt: 2, unfinished: 1 });

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

    it('waits for the next attempt, after a fractional delay too', async () => {
      const { id } = await outbox.enqueue(draft);
      const mail = await claimed(outbox);
      await outbox.retryLater(id, mail.token, { delay: 300_000.4, lastError: 'x', countAttempt: true });
      expect(await outbox.claim()).toBeUndefined();
      await pass(place, 300_001);
      expect(await claimed(outbox)).toMatchObject({ id, attempt: 2, unfinished: 0 });
    });

    it('gives an attempt back that does not count', async () => {
      const { id } = await outbox.enqueue(draft);
      const mail = await claimed(outbox);
      await outbox.retryLater(id, mail.token, { delay: 0, lastError: 'x', countAttempt: false });
      expect(await outbox.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
    });

    it('does not wait for a clock that was set back', async () => {
      const { id } = await outbox.enqueue(draft);
      await pass(place, -year);
      const mail = await claimed(outbox);
      expect(mail).toMatchObject({ id });
      await pass(place, -year);
      expect(await claimed(outbox)).toMatchObject({ id, attempt: 2 });
    });

    it('counts the time of a held mail from its release', async () => {
      const holding = await testOutbox(place, { hold: true });
      const { id } = await holding.enqueue(draft);
      await pass(place, 10 * 24 * 60 * 60_000);
      expect(await holding.claim()).toBeUndefined();
      expect(await holding.releaseHeld()).toBe(1);
      const mail = await claimed(holding);
      expect(mail.age).toBeLessThan(60_000);
      await holding.markDead(id, mail.token, 'x');
      expect(await holding.claim()).toBeUndefined();
      expect(await holding.releaseHeld()).toBe(0);
    });
  });

  describe('idempotency', () => {
    const keyed = { ...draft, idempotencyKey: 'form-1' };

    it('makes one mail of twenty that race over two connections', async () => {
      const other = await testOutbox(place);
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
    it('lists, shows, requeues and discards', async () => {
      const { id, messageId } = await outbox.enqueue(draft);
      const kept = await outbox.enqueue({ ...draft, idempotencyKey: 'kept' });
      const mail = await claimed(outbox);
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

    it('deletes what was sent long ago, and nothing that is dead or held', async () => {
      const ids: Record<string, string> = {};
      for (const outcome of ['sent', 'dead', 'waiting']) {
        const { id } = await outbox.enqueue(draft);
        ids[outcome] = id;
        const mail = outcome === 'waiting' ? undefined : await claimed(outbox);
        if (outcome === 'sent' && mail) {
          await outbox.inbox.deliver(id, 'raw');
          await outbox.complete(id, mail.token);
        }
        if (outcome === 'dead' && mail) await outbox.markDead(id, mail.token, 'x');
      }
      const held = await (await testOutbox(place, { hold: true })).enqueue(draft);
      await pass(place, 40 * 24 * 60 * 60_000);
      expect(await outbox.deleteSent(60 * 24 * 60 * 60_000)).toBe(0);
      expect(await outbox.deleteSent(30 * 24 * 60 * 60_000)).toBe(1);
      expect(await outbox.get(ids.sent ?? '')).toBeUndefined();
      for (const id of [ids.dead, ids.waiting, held.id]) expect(await outbox.get(id ?? '')).toBeDefined();
    });
  });

  describe('a mail whose takers all died', () => {
    it('is dead after five, and its neighbours are delivered', async () => {
      const poison = await outbox.enqueue(draft);
      const neighbour = await outbox.enqueue(draft);
      for (let death = 0; death < mailTiming.crashedClaims; death += 1) {
        const mail = await claimed(outbox);
        expect(mail.id).toBe(poison.id);
        // The process ends here: no outcome, and the lease runs out. The neighbour's turn has not come.
        const { queries } = await place.open();
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
      await eventually(async () => expect((await outbox.status(neighbour.id))?.status).toBe('sent'));
      expect((await outbox.status(poison.id))?.status).toBe('dead');
      expect(sent).toEqual([neighbour.id]);
    });
  });

  describe('storage', () => {
    it('is mail_unavailable when it is closed underneath', async () => {
      const db = await place.open();
      const closed = createOutbox(db, { siteUrl: 'http://localhost' });
      await closed.enqueue(draft);
      await db.close();
      const failed = { reason: 'mail_unavailable', cause: expect.anything() };
      await expect(closed.enqueue(draft)).rejects.toMatchObject(failed);
      await expect(closed.claim()).rejects.toMatchObject(failed);
      await expect(closed.status('x')).rejects.toMatchObject(failed);
      await expect(closed.inbox.list()).rejects.toMatchObject(failed);
    });

    it('can be opened by five instances at once when it is empty', async () => {
      const empty = await testPlace(postgres);
      const outboxes = await Promise.all(Array.from({ length: 5 }, () => testOutbox(empty)));
      const receipts = await Promise.all(outboxes.map((each) => each.enqueue(draft)));
      expect(new Set(receipts.map(({ id }) => id)).size).toBe(5);
    });

    it('keeps the first delivery of a message into the inbox', async () => {
      const { id } = await outbox.enqueue(draft);
      await outbox.inbox.deliver(id, 'first');
      await outbox.inbox.deliver(id, 'second');
      expect(await outbox.inbox.get(id)).toMatchObject({ id, email: draft.email, raw: 'first' });
      expect(await outbox.inbox.list()).toHaveLength(1);
    });
  });
});
