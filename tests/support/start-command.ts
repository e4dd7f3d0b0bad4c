import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { hasFixtures } from '#server/process/build-folder.ts';

const manifest = z.object({ scripts: z.object({ start: z.string().startsWith('node ') }) });

/** The product under test has the fixtures. The demo has not. */
const conditions = hasFixtures ? ['--conditions=fixtures'] : [];

/** Returns the arguments that `npm start` passes to Node: flags, file and argument. */
export function startArguments(): string[] {
  const { scripts } = manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')));
  return [...conditions, ...scripts.start.split(' ').slice(1)];
}

/** Arguments that start Next without the product's own server, like a host that runs only the route handlers. */
export const nextArguments = [
  ...conditions,
  createRequire(import.meta.url).resolve('next/dist/bin/next'),
  'start',
  // Longer than clients keep idle connections (about 4 s); otherwise a call may reuse one that is being closed.
  '--keepAliveTimeout=10000',
];
