import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

const manifest = z.object({ scripts: z.object({ start: z.string().startsWith('node ') }) });

/** What `npm start` gives to Node: flags, file and argument. */
export function startArguments(): string[] {
  const { scripts } = manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')));
  return scripts.start.split(' ').slice(1);
}

/** What starts Next without the front server before it, as a host does that runs the route handlers alone. */
export const nextArguments = [
  createRequire(import.meta.url).resolve('next/dist/bin/next'),
  'start',
  // Above what clients keep a connection, which is about four seconds: else a call may meet one that is being closed.
  '--keepAliveTimeout=10000',
];
