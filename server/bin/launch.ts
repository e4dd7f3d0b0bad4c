/**
 * Builds or starts the product: `node server/bin/launch.ts dev|build|start`. Runs the startup checks first, whose
 * errors say how to fix a problem that would otherwise cause an obscure failure later.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire, enableCompileCache } from 'node:module';
import { ConfigurationError, type Env, parseEnv } from '../config/env.ts';
import { misspeltSettings } from '../config/misspelt-settings.ts';
import { compileCache } from '../process/compile-cache.ts';
import { endWithNpm } from '../process/end-with-npm.ts';
import { ProcedureDefinitionError } from '../trpc/procedure-definition-error.ts';
import { DeclarationError } from '../upstream-client/declaration.ts';
import {
  changedSince,
  requireBuild,
  requireDataFolder,
  requireFreePort,
  StartupCheckError,
} from './startup-checks.ts';

const commands = ['dev', 'build', 'start'] as const;
type Command = (typeof commands)[number];

async function run(command: Command): Promise<void> {
  // Reports an invalid upstream declaration here, before another module loads it and fails.
  await import('../upstreams/index.ts');
  if (command === 'build') {
    // Reports incomplete procedures. The second import fills the compile cache for the first start.
    await import('../trpc/procedure-registry.ts');
    await import('../node-server/start.ts');
    await nameBadPosts();
    return void runNext(['build']);
  }
  // Set before the settings are parsed, because they depend on it.
  if (command === 'start') Reflect.set(process.env, 'NODE_ENV', 'production');
  const env = parseEnv(process.env);
  for (const [given, setting] of misspeltSettings(process.env)) {
    console.warn(`${given} is not a setting. Is ${setting} meant?`);
  }
  await nameWebhooksThatAreOff(env);
  if (command === 'start') {
    requireBuild();
    const changed = changedSince();
    if (changed !== undefined) console.warn(`The build is older than ${changed}: "npm run build" renews it.`);
    if (env.DATABASE_URL === undefined) requireDataFolder(env.DATA_DIR);
  }
  if (command === 'dev') {
    const host = env.HOST ?? loopbackHost;
    await requireFreePort(env.PORT, host);
    return runDevelopment(env.PORT, host);
  }
  await requireFreePort(env.PORT, env.HOST);
  if (env.WEB_CONCURRENCY > 1) {
    const { runPrimary } = await import('../cluster/primary.ts');
    await runPrimary(env);
  } else {
    const { serveSingleProcess } = await import('../node-server/start.ts');
    await serveSingleProcess(env);
  }
  console.log(`Ready on ${env.SITE_URL}`);
  await nameBadPosts();
}

/**
 * Names webhooks without a secret, and secrets without a webhook.
 *
 * @throws ConfigurationError if a secret cannot be used
 */
async function nameWebhooksThatAreOff({ WEBHOOK_SECRETS }: Env): Promise<void> {
  const { customWebhooks } = await import('#server/custom/webhooks.ts');
  const { checkSecrets } = await import('../webhooks/webhook-service.ts');
  const { withoutSecret, unknown } = checkSecrets(customWebhooks, WEBHOOK_SECRETS);
  for (const name of withoutSecret)
    console.warn(`The webhook ${name} is off: WEBHOOK_SECRETS has no secret for it.`);
  for (const name of unknown)
    console.warn(`WEBHOOK_SECRETS has a secret for ${name}, but there is no such webhook.`);
}

/** Names posts that are left out and pictures that are missing. */
async function nameBadPosts(): Promise<void> {
  const { reportPosts } = await import('../feed/post-report.ts');
  for (const line of reportPosts()) console.error(line);
}

/** Runs Next in a child process, forwards signals to it, and exits with its exit code. */
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

/** Only this machine can reach it. */
const loopbackHost = '127.0.0.1';

/** Runs the development server and formats its JSON log lines. Other output passes unchanged. */
async function runDevelopment(port: number, host: string): Promise<void> {
  const { default: pretty } = await import('pino-pretty');
  process.env.FORCE_COLOR ??= process.stdout.isTTY ? '1' : '0';
  const { stdout } = runNext(['dev', '--hostname', host, '--port', String(port)], 'pipe');
  stdout?.pipe(pretty({ colorize: process.stdout.isTTY, ignore: 'requestId', translateTime: 'HH:MM:ss' }));
}

/** Errors that are shown without a stack, because the message says how to fix the problem. */
const userFacingErrors = [ProcedureDefinitionError, ConfigurationError, DeclarationError, StartupCheckError];

endWithNpm();
process.env.NEXT_TELEMETRY_DISABLED = '1';
// Reuses the modules that the previous start compiled. Without write access each start compiles them again.
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
