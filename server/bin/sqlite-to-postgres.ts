/**
 * `npm run sqlite-to-postgres`: copies mails, users, sessions and tables of your own from the SQLite file in DATA_DIR to
 * DATABASE_URL. Stop the product first.
 */
import { ConfigurationError, parseEnv } from '../config/env.ts';
import { createLogger } from '../observability/log.ts';
import { copyToPostgres } from '../storage/copy-to-postgres.ts';

try {
  const { DATABASE_URL, DATA_DIR } = parseEnv(process.env);
  if (DATABASE_URL === undefined) {
    throw new ConfigurationError('DATABASE_URL is not set: there is no database to copy to.');
  }
  const log = createLogger({
    level: 'warn',
    destination: { write: (line) => void process.stderr.write(line) },
  });
  const tables = await copyToPostgres({ dataDir: DATA_DIR, url: DATABASE_URL, log });
  for (const { table, copied, skipped } of tables) {
    console.log(`${table}: ${copied} copied, ${skipped} already there`);
  }
  console.log('The SQLite file is unchanged.');
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exitCode = error instanceof ConfigurationError ? 2 : 1;
}
