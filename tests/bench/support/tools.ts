import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { installPackages } from '#tests/support/debian.ts';

/** An error of the user or the machine. Its message says how to fix it. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/usr/local/bin'];

function find(program: string): string | undefined {
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/**
 * Returns the path of a program. As root on Debian, installs its package when the program is missing.
 *
 * @throws BenchError that names the package to install
 */
export function requireTool(program: string, debianPackage: string): string {
  const found = find(program);
  if (found) return found;
  installPackages(debianPackage);
  const installed = find(program);
  if (installed) return installed;
  throw new BenchError(`The bench needs ${program}. Install it (Debian: apt-get install ${debianPackage}).`);
}

/** @throws BenchError when processor time cannot be read or the machine has fewer than two cores */
export function requireMachine(): void {
  if (process.platform !== 'linux') {
    throw new BenchError(
      'The bench needs Linux: it reads processor time from /proc and pins processes to cores.',
    );
  }
  if (cpus().length < 2) {
    throw new BenchError('The bench needs two cores: one for the server and one for its callers.');
  }
  requireTool('taskset', 'util-linux');
}

/** Describes the machine that the figures were measured on. */
export function describeMachine(): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? 'unknown';
  const load = readFileSync('/proc/loadavg', 'latin1').split(' ').slice(0, 2).join(' ');
  return `Node ${process.version}, ${cpus().length} cores of ${model}, load average before the run ${load}`;
}
