import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { createDispatcher } from '#server/mail/dispatcher.ts';
import { createOutbox, type Outbox, type Receipt } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { draft, eventually, onEachEngine, type TestStorage, testOutbox, testStorage } from './support.ts';

const timing = { lease: 60_000, backoffCap: 600_000 };

async function claimDue(outbox: Outbox): Promise<ClaimedMail> {
  const mail = await outbox.claim();
  if (!mail) throw new Error('No mail was due.');
  return mail;
}

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let storage: TestStorage;
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
  });
});
