import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const launcher = resolve('server/bin/launch.ts');
export const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

export type Running = {
  child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  /** Ends it and everything it started, at once and without a warning. */
  kill(): void;
};

/** Runs Node in a process group of its own, which ends with the test. Empty values of `env` unset. */
export function runNode(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Running {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NODE_ENV: 'production', LOG_LEVEL: 'info', ...options.env },
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  const ended = once(child, 'close');

  function kill(): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      // Nothing of the group is left.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  onTestFinished(async () => {
    kill();
    await ended;
  });
  return { child, output: () => output, kill };
}

/** Waits until it ends by itself. */
export async function endOf({ child, output }: Running): Promise<{ code: number | null; output: string }> {
  if (child.exitCode === null) await once(child, 'close');
  return { code: child.exitCode, output: output() };
}
