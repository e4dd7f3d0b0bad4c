import { type Change, edit } from '../new/change.ts';
import { UsageError } from '../operator-command.ts';

/** An example of the product that a team can remove. */
export type Example = {
  name: string;
  /** The parts that are removed with it, for the question and the usage. */
  summary: string;
  /** Files and folders to delete. A folder ends with a slash. */
  paths: readonly string[];
  /** Changes of files that others need, too. */
  changes: readonly Change[];
  /** Packages that only this example imports. */
  packages?: readonly string[];
};

/**
 * Returns an edit that replaces a text.
 *
 * @throws UsageError unless the file contains it exactly once: the file is no longer as the command knows it
 */
export const swap = (from: string, to: string) => (text: string) => {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new UsageError(`Found ${parts.length - 1} times, and not once, what init changes: ${from}`);
  return parts.join(to);
};

/** Returns an edit that removes a text. @throws UsageError unless the file contains it exactly once */
export const cut = (text: string) => swap(text, '');

/** Returns an edit that removes the lines that begin with these texts. @throws UsageError unless each begins one line */
export const cutLines =
  (...starts: readonly string[]) =>
  (text: string) =>
    starts.reduce((current, start) => {
      const lines = current.split('\n');
      const kept = lines.filter((line) => !line.trimStart().startsWith(start));
      if (kept.length !== lines.length - 1)
        throw new UsageError(
          `Found ${lines.length - kept.length} lines, and not one, that begin with: ${start}`,
        );
      return kept.join('\n');
    }, text);

/** Returns an edit that removes everything from one text to the beginning of another. */
export const cutUntil = (start: string, end: string) => (text: string) => {
  const from = text.indexOf(start);
  const to = text.indexOf(end, from + start.length);
  if (from < 0 || to < 0 || text.indexOf(start, from + 1) >= 0)
    throw new UsageError(`Found not exactly once what init removes: ${start}…${end}`);
  return text.slice(0, from) + text.slice(to);
};

/** Returns an edit that removes a name from a list of names between two texts, such as `a, b`. */
export const cutName = (start: string, end: string, name: string) => (text: string) => {
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end, from);
  const names = text
    .slice(from, to)
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (!text.includes(start) || to < 0 || !names.includes(name))
    throw new UsageError(`Found no ${name} in ${start}…${end}`);
  const kept = names.filter((each) => each !== name).join(', ');
  return `${text.slice(0, from)}${kept === '' ? '' : ` ${kept} `}${text.slice(to)}`;
};

/** The changes of the list of settings and its documentation, for an example with settings of its own. */
export function withoutSettings(
  settings: readonly { name: string; comment: string; declaration: string; isUrl: boolean }[],
): Change[] {
  return [
    edit(
      'server/custom/settings.ts',
      ...settings.map(({ declaration }) => cut(declaration)),
      ...settings.filter(({ isUrl }) => isUrl).map(({ name }) => cutLines(`'${name}',`)),
    ),
    edit(
      '.env.example',
      ...settings.map(({ name, comment }) => (text: string) => {
        const line = text.split('\n').find((each) => each.startsWith(`#${name}=`));
        return cut(`# ${comment}\n${line}\n`)(text);
      }),
    ),
    edit('docs/configuration.md', cutLines(...settings.map(({ name }) => `| \`${name}\` |`))),
  ];
}
