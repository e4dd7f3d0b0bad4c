import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/env.ts';
import { makeFolder } from '../lib/make-folder.ts';

type Secrets = readonly [string, ...string[]];

/**
 * Returns the secrets that protect sessions: `SESSION_SECRETS`, or one that was made at the first start and is kept beside
 * the SQLite file, readable only for its owner.
 *
 * @throws the error of the file system
 */
export function sessionSecrets({
  SESSION_SECRETS: [first, ...others],
  DATA_DIR,
}: Pick<Env, 'SESSION_SECRETS' | 'DATA_DIR'>): Secrets {
  return first === undefined ? [keptSecret(DATA_DIR)] : [first, ...others];
}

function keptSecret(folder: string): string {
  makeFolder(folder, 0o700);
  const file = join(folder, 'session-secret');
  if (!existsSync(file)) createOnce(file, randomBytes(32).toString('base64url'));
  return readFileSync(file, 'utf8').trim();
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
