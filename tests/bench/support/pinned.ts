import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** The measured server has this core to itself; its callers and upstreams share the other one. */
export const serverCore = 0;
export const callerCore = 1;

/**
 * Runs a command on one core. `taskset` becomes the command, so the process id is the command's.
 *
 * @param options.log file for the output; writing a log line to a file costs more than writing it to /dev/null
 */
export function spawnPinned(
  core: number,
  [command, ...args]: readonly [string, ...string[]],
  options: { env?: Record<string, string | undefined>; log: string; cwd?: string },
): ChildProcess {
  const file = openSync(options.log, 'a');
  const child = spawn('taskset', ['--cpu-list', String(core), command, ...args], {
    stdio: ['ignore', file, file],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(file);
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}

const alive = new Set<ChildProcess>();

/** Kills every running child, so that none occupies the core of the next run after the bench has ended. */
export function killAll(): void {
  for (const child of alive) child.kill('SIGKILL');
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  // Some contenders wait for idle connections to close before they exit.
  const killTimer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(killTimer);
}

/** Resolves once the URL responds with a status below 500. */
export async function waitForResponse(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) {
      throw new Error(`the server of ${url} exited with ${child.exitCode}; see ${log}`);
    }
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response && response.status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not respond within 30 seconds; see ${log}`);
}
