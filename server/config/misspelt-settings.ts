import { acceptsLowerCase, settingNames } from './env.ts';

/**
 * Returns the variables whose name is almost that of a setting, each with the setting: other case, missing or other
 * separators, or one character that is missing, added, wrong or swapped.
 */
export function misspeltSettings(
  source: Record<string, string | undefined>,
): [given: string, setting: string][] {
  const known = new Set<string>([
    ...settingNames,
    ...settingNames.filter(acceptsLowerCase).map((name) => name.toLowerCase()),
  ]);
  return Object.keys(source)
    .filter((given) => !known.has(given))
    .flatMap((given) => {
      const setting = settingNames.find((name) => isMisspelt(given, name));
      return setting === undefined ? [] : [[given, setting] satisfies [string, string]];
    });
}

/** With one other character, a shorter name is often another word. */
const minimumLength = 6;

function isMisspelt(given: string, setting: string): boolean {
  const [left, right] = [lettersOf(given), lettersOf(setting)];
  return left === right || (Math.min(left.length, right.length) >= minimumLength && isOneEdit(left, right));
}

const lettersOf = (name: string) => name.toUpperCase().replace(/[^A-Z\d]/g, '');

/** Returns whether one insertion, removal, replacement or swap of neighbours turns one text into the other. */
function isOneEdit(left: string, right: string): boolean {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [a, b] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  if (a.length <= 1 && b.length <= 1) return true;
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}
