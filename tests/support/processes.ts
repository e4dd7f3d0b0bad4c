import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

export const launcher = resolve('server/bin/launch.ts');
export const nextCli = createRequire(import.meta.url).resolve('next/dist/bin/next');

export type RunningProcess = {
  child: ChildProcess;
  /** Standard output and standard error so far. */
  output(): string;
  /** Kills the process and all its descendants with SIGKILL. */
  kill(): void;
};

/** Runs Node in its own process group, which is killed at the end of the test. An empty value in `env` unsets it. */
export function runNode(
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): RunningProcess {
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
  const closed = once(child, 'close');

  function kill(): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      // ESRCH: no process of the group is left.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  onTestFinished(async () => {
    kill();
    await closed;
  });
  return { child, output: () => output, kill };
}

/** Waits for the process to exit on its own. */
export async function exitOf({
  child,
  output,
}: RunningProcess): Promise<{ code: number | null; output: string }> {
  if (child.exitCode === null) await once(child, 'close');
  return { code: child.exitCode, output: output() };
}
