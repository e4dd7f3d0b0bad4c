import { createInterface } from 'node:readline/promises';
import { parseArguments, UsageError } from '../operator-command.ts';
import type { Example } from './example.ts';
import { examples } from './examples.ts';
import { productNameOf, productTitleOf } from './names.ts';
import type { Answers } from './plan.ts';

const list = examples.map(({ name, summary }) => `    ${name.padEnd(8)} ${summary}`).join('\n');

export const usage = `npm run init -- NAME [--title TITLE] [--without EXAMPLE,…]
  NAME       lower-case words with hyphens, such as order-desk: the package, the database file, keys in Redis
  --title    what people read; default: the name with a capital letter
  --without  the examples to remove, or all:
${list}`;

/** @throws UsageError if an example is unknown */
export function examplesOf(given: string): Example[] {
  const names = given.split(',').map((name) => name.trim());
  if (names.includes('all')) return [...examples];
  const known = examples.map(({ name }) => name);
  const unknown = names.filter((name) => name !== '' && !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no example ${unknown.join(', ')}. The examples are ${known.join(', ')}.`);
  return examples.filter(({ name }) => names.includes(name));
}

/**
 * Returns the answers of the arguments, and asks in the terminal for those that are missing.
 *
 * @throws UsageError with the usage, if an argument is not valid, or the name is missing without a terminal
 */
export async function answersOf(args: string[]): Promise<Answers> {
  const { positionals, values } = parseArguments(
    args,
    { title: { type: 'string' }, without: { type: 'string' } },
    usage,
  );
  const [given, ...rest] = positionals;
  if (rest.length > 0 || (given === undefined && !process.stdin.isTTY)) throw new UsageError(usage);
  const checked = given === undefined ? undefined : productNameOf(given);
  if (!process.stdin.isTTY || (checked !== undefined && values.without !== undefined)) {
    const name = checked ?? '';
    return { name, title: productTitleOf(name, values.title), without: examplesOf(values.without ?? '') };
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const name = checked ?? productNameOf((await terminal.question('Name, such as order-desk: ')).trim());
    const usual = productTitleOf(name, undefined);
    const title = values.title ?? ((await terminal.question(`Title [${usual}]: `)).trim() || usual);
    const question = `Examples:\n${list}\nRemove which, such as weather,echo, or none? [all] `;
    const without = values.without ?? ((await terminal.question(question)).trim() || 'all');
    return {
      name,
      title: productTitleOf(name, title),
      without: without === 'none' ? [] : examplesOf(without),
    };
  } finally {
    terminal.close();
  }
}
