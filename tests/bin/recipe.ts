import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A step of a page of docs/recipes, in the order of the page. */
export type Step =
  | { kind: 'command'; command: string }
  | { kind: 'file'; file: string; text: string }
  | { kind: 'change'; file: string; lines: readonly string[] };

/** Commands that change files. Those that check are run once for all pages. */
const changingCommand = /^npm run (?:new|contract) -- .+$/;

/** Returns the pages of recipes, in the order of their index: each needs only those before it. */
export function recipes(): string[] {
  const index = readFileSync('docs/recipes/README.md', 'utf8');
  return [...index.matchAll(/^\| \[([\w-]+\.md)\]/gm)].map(([, page]) => `docs/recipes/${page}`);
}

/** Returns the steps of a page: its commands that change files, whole files, and changes of files. */
export function stepsOf(page: string): Step[] {
  const blocks = page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm);
  return [...blocks].flatMap(([, indent = '', language, body = '']): Step[] => {
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    if (language === 'sh') {
      return lines
        .filter((line) => changingCommand.test(line))
        .map((command) => ({ kind: 'command', command }));
    }
    const file = /^\/\/ (\S+\.\w+)$/.exec(lines[0] ?? '')?.[1];
    if (file === undefined) return [];
    if (language === 'diff') return [{ kind: 'change', file, lines: lines.slice(1) }];
    return [{ kind: 'file', file, text: `${lines.slice(1).join('\n')}\n` }];
  });
}

/**
 * Applies the lines of a `diff` block to a text. `…` stands for a part of a line that stays.
 *
 * @throws Error unless the text has the lines exactly once
 */
export function applyChange(text: string, lines: readonly string[]): string {
  const without = (sign: string) =>
    lines
      .filter((line) => line[0] !== sign)
      .map((line) => line.slice(1))
      .join('\n');
  const [before, after] = [without('+'), without('-')];
  const pattern = before.split('…').map(RegExp.escape).join('(.*)');
  const found = [...text.matchAll(new RegExp(`^${pattern}$`, 'gm'))];
  const [match] = found;
  if (!match || found.length !== 1)
    throw new Error(`found ${found.length} times instead of once:\n${before}`);
  const kept = match.slice(1);
  const replacement = after.replace(/…/g, () => kept.shift() ?? '');
  return text.slice(0, match.index) + replacement + text.slice(match.index + match[0].length);
}

/**
 * Follows a page in a copy of the project.
 *
 * @param run runs an npm script with its arguments in the copy
 */
export function follow(page: string, folder: string, run: (command: string) => void): void {
  for (const step of stepsOf(readFileSync(page, 'utf8'))) {
    if (step.kind === 'command') {
      run(step.command);
      continue;
    }
    const path = join(folder, step.file);
    mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(
        path,
        step.kind === 'file' ? step.text : applyChange(readFileSync(path, 'utf8'), step.lines),
      );
    } catch (cause) {
      throw new Error(`${page}: ${step.file} cannot be changed`, { cause });
    }
  }
}
