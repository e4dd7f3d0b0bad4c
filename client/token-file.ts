import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const storedSignIn = z.object({
  issuer: z.string(),
  clientId: z.string(),
  resource: z.string(),
  accessToken: z.string(),
  /** Milliseconds since the epoch: the access token is refreshed from then on. */
  useUntil: z.number(),
  refreshToken: z.string().nullable(),
});

/** A sign-in of a user, as a script keeps it. */
export type StoredSignIn = z.infer<typeof storedSignIn>;

/** A lock that is older belongs to a process that is gone, in milliseconds. A refresh takes less: its requests have timeouts. */
const lockLifetime = 30_000;

/** Returns the file for the sign-in at a product: `~/.config/typed-bff/<host>.json`, with the path of the URL if it has one. */
export function tokenFileOf(baseUrl: string): string {
  const folder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  const { host, pathname } = new URL(baseUrl);
  const name = `${host}${pathname.replace(/\/$/, '')}`;
  return join(folder, 'typed-bff', `${name.replaceAll(/[^\w.-]/g, '_')}.json`);
}

/** @returns undefined if there is no such file, or it is not one of this version */
export async function readTokenFile(file: string): Promise<StoredSignIn | undefined> {
  try {
    return storedSignIn.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Replaces the file at once, so that no reader sees a part of it. Only its owner can read it. */
export async function writeTokenFile(file: string, signIn: StoredSignIn): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, `${JSON.stringify(signIn, null, 2)}\n`, { mode: 0o600 });
  await chmod(part, 0o600);
  await rename(part, file);
}

/** Runs a task while no other process runs one for this file: a refresh token can be used once. */
export async function withFileLock<T>(file: string, task: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  const owner = randomUUID();
  for (;;) {
    try {
      await writeFile(lock, owner, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Number.NaN }));
      if (Date.now() - mtimeMs > lockLifetime) await rm(lock, { force: true });
      else await delay(50);
    }
  }
  try {
    return await task();
  } finally {
    // Not one that another process has taken since, because this one was stopped for long.
    if ((await readFile(lock, 'utf8').catch(() => '')) === owner) await rm(lock, { force: true });
  }
}
