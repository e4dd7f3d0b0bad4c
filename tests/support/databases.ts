import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import type { Env } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import type { PostgresServer } from '#tests/support/postgres.ts';
import { describeWith } from '#tests/support/skip.ts';

const log = createLogger({ level: 'silent' });

/** Creates a temporary folder, which is deleted after the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'typed-bff-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

type Engine = 'sqlite' | 'postgres';

/** Runs a suite on each engine. The PostgreSQL suite requires PostgreSQL. */
export function onEachEngine(suite: (engine: Engine) => void): void {
  describe('on sqlite', () => suite('sqlite'));
  describeWith('postgres')('on postgres', () => suite('postgres'));
}

/** The settings that select the database. */
export type StorageEnv = Pick<Env, 'DATA_DIR' | 'DATABASE_URL'>;

/** @param postgres a new database on this server; a new SQLite file if undefined */
export async function storageEnv(postgres: PostgresServer | undefined): Promise<StorageEnv> {
  return { DATA_DIR: tempDir(), DATABASE_URL: await postgres?.database() };
}

/** Opens the database of a service on a separate connection. */
export async function openStorage({ DATA_DIR, DATABASE_URL }: StorageEnv): Promise<Database> {
  const db = await openDatabase({ DATA_DIR, DATABASE_URL }, log);
  onTestFinished(() => db.close());
  return db;
}
