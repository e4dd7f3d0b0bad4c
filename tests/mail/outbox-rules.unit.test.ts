import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { describeOutboxRules } from './outbox-rules.ts';

/** The rules run on PostgreSQL in outbox-rules.integration.test.ts. */
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-rules-'));
let now = 0;
let db: Database;
beforeAll(async () => {
  db = await openSqlite(folder, createLogger({ level: 'silent' }), () => now);
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

describeOutboxRules(async () => {
  await db.queries.deleteFrom('inbox').execute();
  await db.queries.deleteFrom('mail').execute();
  return {
    db,
    async setClock(milliseconds) {
      now = milliseconds;
    },
  };
});
