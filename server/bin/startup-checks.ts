import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** Something that must be put right before the product can start. Its message says what to do. */
export class StartupCheckError extends Error {
  override readonly name = 'PreflightError';
}

/** @throws PreflightError when `npm run build` has not been run, or did not finish */
export function requireBuild(folder = '.next'): void {
  if (existsSync(`${folder}/BUILD_ID`)) return;
  throw new StartupCheckError(
    'There is no build to start. Run "npm run build" first, or "npm run demo", which builds and starts.',
  );
}

/** @throws PreflightError when something else listens on the port, or it may not be listened on */
export async function requireFreePort(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(port, () => probe.close(() => resolve()));
  }).catch((error: NodeJS.ErrnoException) => {
    const problem = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${error.code})`;
    throw new StartupCheckError(
      `Port ${port} ${problem}. Stop what is running there, or choose another, for example: PORT=${port === 65_535 ? 3001 : port + 1} npm start`,
    );
  });
}
