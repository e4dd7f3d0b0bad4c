/**
 * Builds or starts the product: `node server/launch.ts dev|build|start`. Checks first what would otherwise
 * fail later or in a way that does not say what to do.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { ConfigurationError, parseEnv } from './env.ts';
import { PreflightError, requireBuild, requireFreePort } from './preflight.ts';

const commands = ['dev', 'build', 'start'] as const;
type Command = (typeof commands)[number];

async function argumentsFor(command: Command): Promise<string[]> {
  if (command === 'build') return ['build'];
  const { PORT } = parseEnv(process.env);
  if (command === 'start') requireBuild();
  await requireFreePort(PORT);
  return [command, '--port', String(PORT)];
}

/** Runs Next in a process of its own, hands signals on to it, and ends as it ends. */
function runNext(args: string[]): void {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
  const child = spawn(process.execPath, [next, ...args], {
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
  });
}

const command = commands.find((name) => name === process.argv[2]);
if (!command) {
  console.error('Usage: node server/launch.ts dev|build|start');
  process.exitCode = 2;
} else {
  try {
    runNext(await argumentsFor(command));
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof PreflightError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
