/**
 * `npm run dev`: the development server, with stand-in upstreams on loopback unless the option `--real` is given. A
 * setting of the environment or of an .env file takes precedence over a stand-in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv as parseEnvFile } from 'node:util';
import { requireFreePort, StartupCheckError } from '#server/bin/startup-checks.ts';
import { ConfigurationError, parseEnv } from '#server/config/env.ts';
import { endWithNpm } from '#server/process/end-with-npm.ts';
import { runCommand } from './support/run-command.ts';
import { startStandIns, unsetOnly } from './support/stand-ins.ts';

const command = ['server/bin/launch.ts', 'dev'];

/** Files that Next reads during development. */
const envFiles = ['.env', '.env.local', '.env.development', '.env.development.local'];

async function runWithStandIns(): Promise<number> {
  const env = parseEnv(process.env);
  await requireFreePort(env.PORT, env.HOST ?? '127.0.0.1');
  const files = envFiles
    .filter((file) => existsSync(file))
    .map((file) => parseEnvFile(readFileSync(file, 'utf8')));
  const own: NodeJS.Dict<string> = Object.assign({}, ...files, process.env);
  const standIns = await startStandIns(env, own);
  console.log(`${standIns.description}\n"npm run dev -- --real" uses the real upstreams.\n`);
  const code = await runCommand(command, unsetOnly(standIns.env, own));
  await standIns.close();
  return code;
}

endWithNpm();

const options = process.argv.slice(2);
if (options.some((option) => option !== '--real')) {
  console.error('Usage: npm run dev, or npm run dev -- --real');
  process.exitCode = 2;
} else {
  try {
    process.exitCode = options.length > 0 ? await runCommand(command, {}) : await runWithStandIns();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof StartupCheckError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
