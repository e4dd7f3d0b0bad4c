import type { Change } from '../new/change.ts';
import type { Example } from './example.ts';
import { finishingChanges, otherPaths } from './finish.ts';
import { renamed } from './names.ts';

export type Answers = { name: string; title: string; without: readonly Example[] };

/** The new texts of files, by path. Undefined deletes a file. */
export type Plan = ReadonlyMap<string, string | undefined>;

/**
 * Returns the changes of all files, without writing them.
 *
 * @param files all files of the product
 * @param read returns the text of a file, or undefined for a file that is not a text
 * @throws UsageError if a file is no longer as an example knows it
 */
export function planOf(
  answers: Answers,
  files: readonly string[],
  read: (file: string) => string | undefined,
): Plan {
  const plan = new Map<string, string | undefined>();
  const known = new Set(files);
  const paths = [...answers.without.flatMap((example) => example.paths), ...otherPaths(answers.without)];
  for (const file of files) if (paths.some((path) => isWithin(file, path))) plan.set(file, undefined);

  const apply = ({ file, text }: Change) => {
    const current = plan.has(file) || !known.has(file) ? plan.get(file) : read(file);
    plan.set(file, text(current));
  };
  for (const { changes } of answers.without) changes.forEach(apply);
  for (const change of finishingChanges(answers)) apply(change);

  for (const file of files) {
    if (plan.has(file) && plan.get(file) === undefined) continue;
    const text = plan.get(file) ?? read(file);
    const next = text === undefined ? undefined : renamed(text, answers.name);
    if (next !== undefined && next !== text) plan.set(file, next);
  }
  return plan;
}

/** @param path a file, or a folder that ends with a slash */
const isWithin = (file: string, path: string): boolean =>
  path.endsWith('/') ? file.startsWith(path) : file === path;
