import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigurationError, type Env, parseEnv } from '../config/env.ts';
import { createLogger, type Logger } from '../observability/log.ts';

/** Invalid arguments. The message is shown without a stack. */
export class UsageError extends Error {}

/** Changes or shows one item and returns the text to print, or undefined if the item does not allow that. */
export type Action = (id: string) => Promise<string | undefined>;

/**
 * Runs an action for each id.
 *
 * @param noun what the ids belong to, such as `Mail`
 * @throws UsageError that lists every outcome, if an item did not allow the action
 */
export async function actOnAll(ids: readonly string[], action: Action, noun: string): Promise<string> {
  const lines: string[] = [];
  let failed = false;
  for (const id of ids) {
    const done = await action(id);
    failed ||= done === undefined;
    lines.push(done ?? `${noun} ${id} does not exist or is in a state that does not allow this.`);
  }
  const text = lines.join('\n');
  if (failed) throw new UsageError(text);
  return text;
}

/**
 * Parses the arguments of a command with options.
 *
 * @throws UsageError with the usage, if an option is unknown
 */
export function parseArguments<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ''}\n\n${usage}`);
  }
}

/** Parses the maximum length of a list. @throws UsageError with the usage */
export function parseLimit(text: string, usage: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(usage);
  return limit;
}

/** Returns whether the arguments ask for the usage of the command. */
export const asksForHelp = (args: readonly string[]): boolean =>
  args.some((each) => each === '--help' || each === '-h');

/**
 * Runs a command with the settings of the product, prints the text that it returns, and sets the exit code.
 *
 * @param usage printed for `--help`, also if the settings are invalid
 */
export async function runCommand(
  usage: string,
  run: (args: string[], env: Env, log: Logger) => Promise<string>,
): Promise<void> {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) return console.log(usage);
  try {
    const log = createLogger({
      level: 'warn',
      destination: { write: (line) => void process.stderr.write(line) },
    });
    console.log(await run(args, parseEnv(process.env), log));
  } catch (error) {
    const isUserFacing = error instanceof UsageError || error instanceof ConfigurationError;
    console.error(isUserFacing ? error.message : error);
    process.exitCode = isUserFacing ? 2 : 1;
  }
}
