import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** What is measured has this core for itself; what calls it, and what it calls, the other. */
export const serverCore = 0;
export const callerCore = 1;

/**
 * Runs a command on one core. `taskset` becomes the command, so the process id is the command's.
 *
 * @param log file that takes what it writes; a server's log line costs something, and more than on /dev/null
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

/** When the bench itself is ended: a server left behind would sit on the next run's core. */
export function killAll(): void {
  for (const child of alive) child.kill('SIGKILL');
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  // Some of what is compared here waits for connections that nobody will close.
  const impatience = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(impatience);
}

/** Resolves once the address answers with anything below 500. */
export async function untilItAnswers(url: string, child: ChildProcess, log: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`${url} ended with ${child.exitCode}; see ${log}`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer && answer.status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer within 30 seconds; see ${log}`);
}
