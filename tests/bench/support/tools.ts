import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { installPackages } from '#tests/support/debian.ts';

/** What the bench cannot start without. Its message says what to do. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/usr/local/bin'];

function find(program: string): string | undefined {
  return places.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/**
 * The path of a program. As root on Debian its package is installed when it is missing.
 *
 * @throws BenchError that says what to install
 */
export function requireTool(program: string, debianPackage: string): string {
  const found = find(program);
  if (found) return found;
  installPackages(debianPackage);
  const installed = find(program);
  if (installed) return installed;
  throw new BenchError(`The bench needs ${program}. Install it (Debian: apt-get install ${debianPackage}).`);
}

/** @throws BenchError where processor time cannot be read, or servers and callers cannot have a core each */
export function requireMachine(): void {
  if (process.platform !== 'linux') {
    throw new BenchError(
      'The bench reads processor time from /proc and pins processes to cores: it needs Linux.',
    );
  }
  if (cpus().length < 2) {
    throw new BenchError('The bench needs two cores, one for the servers and one for what calls them.');
  }
  requireTool('taskset', 'util-linux');
}

/** What the figures were measured on. */
export function machine(): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? 'unknown';
  const load = readFileSync('/proc/loadavg', 'latin1').split(' ').slice(0, 2).join(' ');
  return `Node ${process.version}, ${cpus().length} cores of ${model}, load before it ${load}`;
}
