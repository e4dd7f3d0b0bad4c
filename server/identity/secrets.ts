import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { makeFolder } from '../lib/make-folder.ts';
import type { Logger } from '../observability/log.ts';
import { randomSecret } from './session-token.ts';

type Secrets = readonly [string, ...string[]];

/**
 * Returns the secrets that protect sessions: `SESSION_SECRETS`, or one that was made at the first start and is kept beside
 * the SQLite file, readable only for its owner. If it cannot be kept, it is a new one: the database in the same folder
 * cannot be written either, so there are no sessions.
 */
export function sessionSecrets(
  { SESSION_SECRETS: [first, ...others], DATA_DIR }: Pick<Env, 'SESSION_SECRETS' | 'DATA_DIR'>,
  log: Pick<Logger, 'error'>,
): Secrets {
  if (first !== undefined) return [first, ...others];
  try {
    return [keptSecret(DATA_DIR)];
  } catch (err) {
    log.error({ err }, 'the secret of sessions cannot be kept in DATA_DIR: users must sign in again');
    return [randomSecret()];
  }
}

/** @throws the error of the file system, or an Error if the file does not have a secret */
function keptSecret(folder: string): string {
  makeFolder(folder, 0o700);
  const file = join(folder, 'session-secret');
  if (!existsSync(file)) createOnce(file, randomSecret());
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < limits.identity.secretLength) throw new Error(`${file} does not contain a secret`);
  return secret;
}

/** Creates a file, complete from the start, unless another process has created it meanwhile. */
function createOnce(file: string, text: string): void {
  const temporary = `${file}.${randomUUID()}`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    unlinkSync(temporary);
  }
}
