import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** A problem that prevents the start. The message says how to fix it. */
export class StartupCheckError extends Error {
  override readonly name = 'StartupCheckError';
}

/** @throws StartupCheckError if `npm run build` has not been run or has not finished */
export function requireBuild(folder = '.next'): void {
  if (existsSync(`${folder}/BUILD_ID`)) return;
  throw new StartupCheckError(
    'There is no build to start. Run "npm run build" first, or "npm run demo", which builds and starts.',
  );
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
