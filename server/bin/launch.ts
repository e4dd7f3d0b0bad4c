/**
 * Builds or starts the product: `node server/bin/launch.ts dev|build|start`. Checks first what would otherwise
 * fail later or in a way that does not say what to do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire, enableCompileCache } from 'node:module';
import { ConfigurationError, parseEnv } from '../config/env.ts';
import { compileCache } from '../process/compile-cache.ts';
import { ProcedureDefinitionError } from '../trpc/procedure-definition-error.ts';
import { DeclarationError } from '../upstream-client/declaration.ts';
import { requireBuild, requireFreePort, StartupCheckError } from './startup-checks.ts';

const commands = ['dev', 'build', 'start'] as const;
type Command = (typeof commands)[number];

async function run(command: Command): Promise<void> {
  // A mistake in a declaration is told here, by its name, and not by whatever loads it first.
  await import('../upstreams/index.ts');
  if (command === 'build') {
    // So is a procedure that lacks a part. The rest is loaded to be in the cache for the first start.
    await import('../trpc/procedure-registry.ts');
    await import('../node-server/start.ts');
    return void runNext(['build']);
  }
  // Before anything reads the settings: they have a say in what the product is.
  if (command === 'start') Reflect.set(process.env, 'NODE_ENV', 'production');
  const env = parseEnv(process.env);
  if (command === 'start') requireBuild();
  await requireFreePort(env.PORT);
  if (command === 'dev') return runDevelopment(env.PORT);
  if (env.WEB_CONCURRENCY > 1) {
    const { runPrimary } = await import('../cluster/primary.ts');
    await runPrimary(env);
  } else {
    const { serveSingleProcess: serveAlone } = await import('../node-server/start.ts');
    await serveAlone(env);
  }
  console.log(`Ready on ${env.SITE_URL}`);
}

/** Runs Next in a process of its own, hands signals on to it, and ends as it ends. */
function runNext(args: string[], stdout: 'inherit' | 'pipe' = 'inherit'): ChildProcess {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', next, ...args], {
    stdio: ['inherit', stdout, 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
  });
  return child;
}

/** The development server, its log lines made readable; what is not JSON passes as it is. */
async function runDevelopment(port: number): Promise<void> {
  const { default: pretty } = await import('pino-pretty');
  process.env.FORCE_COLOR ??= process.stdout.isTTY ? '1' : '0';
  const { stdout } = runNext(['dev', '--port', String(port)], 'pipe');
  stdout?.pipe(pretty({ colorize: process.stdout.isTTY, ignore: 'requestId', translateTime: 'HH:MM:ss' }));
}

/** Errors whose message says all that is to be done. */
const userFacingErrors = [ProcedureDefinitionError, ConfigurationError, DeclarationError, StartupCheckError];

process.env.NEXT_TELEMETRY_DISABLED = '1';
// What `--experimental-next-config-strip-types` sets: else Next loads its compiler, a hundred megabytes, for its settings.
process.env.__NEXT_NODE_NATIVE_TS_LOADER_ENABLED = 'true';
// A start reads its modules as the last one compiled them; where nothing can be written it compiles them anew.
enableCompileCache(compileCache);
const command = commands.find((name) => name === process.argv[2]);
if (!command) {
  console.error('Usage: node server/bin/launch.ts dev|build|start');
  process.exitCode = 2;
} else {
  try {
    await run(command);
  } catch (error) {
    if (!userFacingErrors.some((kind) => error instanceof kind)) throw error;
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
