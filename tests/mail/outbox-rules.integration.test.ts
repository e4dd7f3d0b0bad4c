import { sql } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { openWithClock } from '#tests/support/postgres-clock.ts';
import { describeWith } from '#tests/support/skip.ts';
import { describeOutboxRules } from './outbox-rules.ts';

/** The rules run on SQLite in outbox-rules.unit.test.ts. */
describeWith('postgres')('on postgres', () => {
  let postgres: PostgresServer;
  let clocked: Awaited<ReturnType<typeof openWithClock>>;

  beforeAll(async () => {
    postgres = await startPostgres();
    clocked = await openWithClock(
      await postgres.database(),
      "timestamptz 'epoch' + ms * interval '1 millisecond'",
    );
  }, 60_000);
  afterAll(async () => {
    await clocked.db.close();
    await postgres.close();
  });

  describeOutboxRules(async () => {
    await sql`truncate mail, inbox`.execute(clocked.db.queries);
    return { db: clocked.db, setClock: clocked.set };
  });
});
