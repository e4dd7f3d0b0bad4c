import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

let running: ChildProcess | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => running?.kill(signal));
}

/** Runs a script of the product in a child process that gets the signals of this one. Returns its exit code. */
export async function runCommand(
  parameters: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  running = spawn(process.execPath, parameters, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = await once(running, 'exit');
  return typeof code === 'number' ? code : 0;
}
