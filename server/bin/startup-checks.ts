import { existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { makeFolder } from '../lib/make-folder.ts';
import { buildFolder, hasFixtures } from '../process/build-folder.ts';

/** A problem that prevents the start. The message says how to fix it. */
export class StartupCheckError extends Error {
  override readonly name = 'StartupCheckError';
}

/** @throws StartupCheckError if `npm run build` has not been run or has not finished */
export function requireBuild(folder = buildFolder): void {
  if (existsSync(`${folder}/BUILD_ID`)) return;
  throw new StartupCheckError(
    hasFixtures
      ? 'There is no build for the tests. Run "npm run build:tests" first, or "npm test", which builds and tests.'
      : 'There is no build to start. Run "npm run build" first, or "npm run demo", which builds and starts.',
  );
}

/** @throws StartupCheckError if the folder does not exist and cannot be created */
export function requireDataFolder(path: string): void {
  try {
    makeFolder(path, 0o700);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new StartupCheckError(
      `DATA_DIR: the folder ${resolve(path)} cannot be created (${reason}). Create it, or choose one that this user may create.`,
    );
  }
}

/** Folders and files that are part of the build. */
const sources = [
  'app',
  'client',
  'server',
  'src',
  'instrumentation.ts',
  'next.config.mjs',
  'next.config.ts',
  'package-lock.json',
  'postcss.config.mjs',
  'proxy.ts',
  ...(hasFixtures ? ['tests/fixtures'] : []),
];

/** Returns the newest source file that has changed since the build, if any. */
export function changedSince(build = `${buildFolder}/BUILD_ID`): string | undefined {
  const changed = sources
    .filter((source) => existsSync(source))
    .flatMap((source) => (statSync(source).isFile() ? [source] : filesIn(source)))
    .map((path) => ({ path, time: statSync(path).mtimeMs }))
    .sort((one, other) => other.time - one.time)[0];
  return changed && changed.time > statSync(build).mtimeMs ? changed.path : undefined;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Returns whether there is a build, and no source has changed since. */
export function isBuildCurrent(build = `${buildFolder}/BUILD_ID`): boolean {
  return existsSync(build) && changedSince(build) === undefined;
}

/**
 * @param host address to listen on; undefined for all addresses
 * @throws StartupCheckError if the port is in use or this process may not listen on it
 */
export async function requireFreePort(port: number, host?: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen({ port, host }, () => probe.close(() => resolve()));
  }).catch((error: NodeJS.ErrnoException) => {
    if (
      host !== undefined &&
      ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(error.code ?? '')
    ) {
      throw new StartupCheckError(
        'HOST is not an address of this machine. Set it to 127.0.0.1 for this machine alone, or unset it for all addresses.',
      );
    }
    const problem = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code})`;
    throw new StartupCheckError(
      `Port ${port} ${problem}. Stop the process that uses it or choose another port, for example: PORT=${port === 65_535 ? 3001 : port + 1} npm start`,
    );
  });
}
