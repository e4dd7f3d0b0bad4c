import { UsageError } from '../operator-command.ts';

/** A new file, or a change of one. */
export type Change = {
  file: string;
  /** Returns the new text. A file that must not exist yet gets undefined. */
  text: (current: string | undefined) => string;
};

/** Creates a file. */
export function create(file: string, text: string): Change {
  return {
    file,
    text(current) {
      if (current !== undefined) throw new UsageError(`${file} exists already.`);
      return text;
    },
  };
}

/** Changes an existing file. */
export function edit(file: string, ...edits: ((text: string) => string)[]): Change {
  return {
    file,
    text(current) {
      if (current === undefined) throw new UsageError(`${file} does not exist.`);
      return edits.reduce((text, each) => each(text), current);
    },
  };
}

/**
 * Returns an edit that replaces what a pattern matches, once.
 *
 * @throws UsageError if it does not match: the file is no longer as the command knows it
 */
export function replace(pattern: RegExp, replacement: (...groups: string[]) => string) {
  return (text: string): string => {
    if (!pattern.test(text)) throw new UsageError(`Found no ${pattern} to change. Do this step by hand.`);
    return text.replace(pattern, (...match: unknown[]) =>
      replacement(...match.filter((part): part is string => typeof part === 'string').slice(1, -1)),
    );
  };
}

/** Returns an edit that adds an import. Biome sorts imports afterwards. */
export const addImport = (line: string) => (text: string) =>
  /^import /m.test(text) ? text.replace(/^import /m, () => `${line}\nimport `) : `${line}\n\n${text}`;

/**
 * Returns an edit of the text between two others.
 *
 * @throws UsageError if it is not there: the file is no longer as the command knows it
 */
export function editBetween(start: string, end: string, change: (inside: string) => string) {
  return (text: string): string => {
    const from = text.indexOf(start) + start.length;
    const to = text.indexOf(end, from);
    if (!text.includes(start) || to < 0)
      throw new UsageError(`Found no "${start}…${end}" to change. Do this step by hand.`);
    return `${text.slice(0, from)}${change(text.slice(from, to))}${text.slice(to)}`;
  };
}

/** Returns an edit that adds a name to a list of names between two texts, such as `a, b`, in alphabetical order. */
export const addName = (start: string, end: string, name: string) =>
  editBetween(start, end, (names) => {
    const all = [...names.split(',').map((each) => each.trim()), name].filter((each) => each !== '');
    return all.sort().join(', ');
  });
