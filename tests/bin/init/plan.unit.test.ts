import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examplesOf } from '#server/bin/init/answers.ts';
import { cut, cutLines, cutName, cutUntil, type Example, swap } from '#server/bin/init/example.ts';
import { examples } from '#server/bin/init/examples.ts';
import { planOf } from '#server/bin/init/plan.ts';

const roots = ['app', 'client', 'content', 'deploy', 'docs', 'public', 'server', 'tests'];
const ignored = /(?:^|\/)(?:node_modules|\.next|\.output|\.data)(?:\/|$)/;
const files = [
  ...readdirSync('.').filter((file) => statSync(file).isFile()),
  ...roots.flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  ),
].filter((file) => !ignored.test(file));

function readText(file: string): string | undefined {
  const bytes = readFileSync(file);
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
}
const plan = (without: readonly Example[]) =>
  planOf({ name: 'acme', title: 'Acme', without }, files, readText);

const choices: [string, readonly Example[]][] = [
  ['nothing', []],
  ...examples.map((example): [string, Example[]] => [example.name, [example]]),
  ['all', examples],
  ...examples.map(({ name }): [string, Example[]] => [
    `all but ${name}`,
    examples.filter((other) => other.name !== name),
  ]),
];

describe('the files of the product are as init knows them', () => {
  test.each(choices)('to remove %s', (_, without) => {
    const changed = plan(without);
    const deleted = [...changed].filter(([, text]) => text === undefined).map(([file]) => file);
    expect(deleted).toContain('server/bin/init.ts');
    for (const [file, text] of changed) expect(text ?? '', file).not.toMatch(/typed[-_. ]?bff/i);
  });

  test.each(examples)('$name: every path exists', ({ paths }) => {
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});

/** Words that no text contains after the removal of an example. Decision records describe the past. The contract is written anew. */
const traces: Record<string, RegExp> = {
  weather: /weather|open.?meteo|forecast/i,
  github: /proxy\.github|codeload|GITHUB_/,
  files: /FILES_URL|proxy\.files|upstreams\/files\.ts'.*server/,
  echo: /\becho\.(?:body|request)\b|'\/echo'/,
  posts: /one-typed-door/,
  notes: /proxy\.notes|'\/notes|upstreams\/notes/,
};

describe('the product does not mention an example that is gone', () => {
  const changed = plan(examples);
  const texts = files
    .filter((file) => !/^(?:docs\/(?:decisions|contract)|tests|package-lock)/.test(file))
    .flatMap((file) => {
      const text = changed.has(file) ? changed.get(file) : readText(file);
      return text === undefined ? [] : [{ file, text }];
    });

  test.each(Object.entries(traces))('%s', (_, trace) => {
    expect(texts.length).toBeGreaterThan(400);
    expect(texts.filter(({ text }) => trace.test(text)).map(({ file }) => file)).toEqual([]);
  });
});

describe('examples are chosen', () => {
  const namesOf = (given: string) => examplesOf(given).map(({ name }) => name);

  test('by name, in the order in which they are removed', () => {
    expect(namesOf('notes, weather,echo')).toEqual(['echo', 'weather', 'notes']);
    expect(namesOf('')).toEqual([]);
    expect(namesOf('all')).toHaveLength(examples.length);
  });

  test('an unknown one is named', () => {
    expect(() => examplesOf('wether,echo')).toThrow('There is no example wether.');
  });
});

test('an edit fails if the text is no longer there, or there twice', () => {
  const edits = [cut('x'), swap('x', 'y'), cutLines('x'), cutUntil('x', 'end'), cutName('[', ']', 'x')];
  for (const each of edits) expect(() => each('a\nend [b]\n')).toThrow(/^Found/);
  for (const each of edits.slice(0, 4)) expect(() => each('x 1\nx 2\nend\n')).toThrow(/^Found/);
  expect(cutName('[', ']', 'b')('[a, b, c]')).toBe('[ a, c ]');
  expect(cutUntil('b', 'd')('abcde')).toBe('ade');
  expect(cutLines('b')('a\n  b 1\nc')).toBe('a\nc');
});
