import type { Env } from '../config/env.ts';
import type { Logger } from '../observability/log.ts';
import type { Database } from './database.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';

/** Opens PostgreSQL at `DATABASE_URL` if it is set, otherwise the SQLite file in `DATA_DIR`. */
export function openDatabase(env: Pick<Env, 'DATABASE_URL' | 'DATA_DIR'>, log: Logger): Promise<Database> {
  return env.DATABASE_URL ? openPostgres(env.DATABASE_URL, log) : openSqlite(env.DATA_DIR, log);
}
