import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { onEachEngine, type StorageEnv, storageEnv } from './databases.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { openWithClock } from './postgres-clock.ts';

const log = createLogger({ level: 'silent' });

/**
 * Runs a suite on each engine.
 *
 * @param suite gets a function that returns the settings of a new database for each test
 */
export function onEachStorage(suite: (storage: () => StorageEnv) => void): void {
  onEachEngine((engine) => {
    let postgres: PostgresServer | undefined;
    let storage: StorageEnv;
    beforeAll(async () => {
      if (engine === 'postgres') postgres = await startPostgres();
    }, 60_000);
    afterAll(() => postgres?.close());
    beforeEach(async () => {
      storage = await storageEnv(postgres);
    });
    suite(() => storage);
  });
}

/** An empty database of the product. */
type TestDatabase = {
  db: Database;
  /** Sets the database's clock, which stands still, in milliseconds since the epoch. At first it is at 1,000,000,000. */
  setClock(milliseconds: number): Promise<void>;
};

const start = 1_000_000_000;

/**
 * Runs the tests of a service on each engine, in the file of an integration test.
 *
 * @param suite gets a function that returns the database of the running test: empty, with a clock that the test sets
 */
export function onEachDatabase(suite: (database: () => TestDatabase) => void): void {
  onEachStorage((storage) => {
    let database: TestDatabase;
    beforeEach(async () => {
      database = await withClock(storage());
      await database.setClock(start);
    });
    suite(() => database);
  });
}

async function withClock({ DATA_DIR, DATABASE_URL }: StorageEnv): Promise<TestDatabase> {
  if (DATABASE_URL !== undefined) {
    const { db, set } = await openWithClock(
      DATABASE_URL,
      "timestamptz 'epoch' + ms * interval '1 millisecond'",
    );
    onTestFinished(() => db.close());
    return { db, setClock: set };
  }
  let now = start;
  const db = await openSqlite(DATA_DIR, log, () => now);
  onTestFinished(() => db.close());
  return {
    db,
    async setClock(milliseconds) {
      now = milliseconds;
    },
  };
}
