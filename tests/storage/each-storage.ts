import { afterAll, beforeAll, beforeEach } from 'vitest';
import { onEachEngine, type StorageEnv, storageEnv } from '#tests/mail/support.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';

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
    }, 30_000);
    afterAll(() => postgres?.close());
    beforeEach(async () => {
      storage = await storageEnv(postgres);
    });
    suite(() => storage);
  });
}
