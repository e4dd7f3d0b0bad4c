import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { createDispatcher } from '#server/mail/dispatcher.ts';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { smtpTransport } from '#server/mail/transports.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { openWithClock } from '#tests/support/postgres-clock.ts';
import { addresses, draft, eventually, onEachEngine, tempDir, testSmtpServer } from './support.ts';

const log = createLogger({ level: 'silent' });
const minute = 60_000;

type Clocked = { db: Database; jump(milliseconds: number): Promise<void> };

async function clockedSqlite(): Promise<Clocked> {
  let shift = 0;
  const db = await openSqlite(tempDir(), log, () => Date.now() + shift);
  return {
    db,
    jump: async (milliseconds) => {
      shift += milliseconds;
    },
  };
}

/** A database whose clock has an adjustable shift. */
async function clockedPostgres(postgres: PostgresServer): Promise<Clocked> {
  const time = "pg_catalog.statement_timestamp() + ms * interval '1 millisecond'";
  const { db, set } = await openWithClock(await postgres.database(), time);
  let shift = 0;
  return {
    db,
    jump: (milliseconds) => {
      shift += milliseconds;
      return set(shift);
    },
  };
}

async function claimed(outbox: Outbox, id: string): Promise<ClaimedMail> {
  const mail = await outbox.claim();
  if (mail?.id !== id) throw new Error('A different mail was claimed.');
  return mail;
}

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres?.close());

  it.each([
    ['forward', 60 * minute],
    ['back', -60 * minute],
  ])(
    'a clock that jumps an hour %s delays no mail, and none is sent twice, marked dead or deleted',
    async (_direction, hour) => {
      const { db, jump } = await (postgres ? clockedPostgres(postgres) : clockedSqlite());
      onTestFinished(() => db.close());
      const outbox = createOutbox(db, addresses);
      const waiting = await outbox.enqueue(draft);
      const { token } = await claimed(outbox, waiting.id);
      const retry = { delay: mailTiming.backoffCap, lastError: 'RCPT TO 451', countAttempt: true };
      await outbox.retryLater(waiting.id, token, retry);
      const orphan = await outbox.enqueue(draft);
      await claimed(outbox, orphan.id);
      const sending = await outbox.enqueue(draft);
      const sendingClaim = await claimed(outbox, sending.id);
      const fresh = await outbox.enqueue(draft);
      expect((await outbox.status(fresh.id))?.status).toBe('queued');

      await jump(hour);
      expect(await outbox.complete(sending.id, sendingClaim.token)).toBe(true);
      const smtp = await testSmtpServer();
      const dispatcher = createDispatcher({
        outbox: async () => outbox,
        transport: smtpTransport({ url: smtp.url, addresses }),
        log,
        timing: { ...mailTiming, pollInterval: 20 },
      });
      onTestFinished(() => dispatcher.stop());
      dispatcher.start();
      const after = await outbox.enqueue(draft);
      const due = [waiting, orphan, fresh, after];
      await eventually(async () => {
        expect(await outbox.counts()).toEqual({
          queued: 0,
          sending: 0,
          sent: 5,
          dead: 0,
          held: 0,
          suspected: 0,
        });
      });
      expect(smtp.messages.map(({ parsed }) => parsed.messageId).sort()).toEqual(
        due.map(({ messageId }) => messageId).sort(),
      );
      expect(await outbox.deleteSent(mailTiming.sentKeptFor)).toBe(0);
    },
  );
});
