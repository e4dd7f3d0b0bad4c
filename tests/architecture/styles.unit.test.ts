import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const files = globSync('app/**/*.{css,tsx}').sort();

/** Returns what matches in each file, as `file: match`. */
const matches = (pattern: RegExp, names: readonly string[] = files) =>
  names.flatMap((file) =>
    (readFileSync(file, 'utf8').match(pattern) ?? []).map((found) => `${file}: ${found}`),
  );

test.each([
  ['a class', /[\s"'`:]-?(?:m[lr]|p[lr]|left|right|border-[lr]|rounded-[lr])-[\w[]+/g],
  ['a class for text', /[\s"'`:](?:text|float|clear)-(?:left|right)\b/g],
  ['a class for an edge', /[\s"'`:](?:border|rounded)-[lr][\s"'`;]/g],
  ['a declaration', /\b(?:margin|padding|border)-(?:left|right)\s*:/g],
])('%s of the pages names a start or an end, not a side, for text from right to left', (_, pattern) => {
  expect(files.length).toBeGreaterThan(40);
  expect(matches(pattern)).toEqual([]);
});

test('no page has a style attribute, which the content security policy would block', () => {
  // A picture is no page.
  const pages = files.filter((file) => file !== 'app/_lib/open-graph-image.tsx');
  expect(matches(/\sstyle=\{/g, pages)).toEqual([]);
});
