import { expect, test } from 'vitest';
import { trimEnd } from '#server/lib/trim-end.ts';

test.each([
  ['https://site.example///', '/', 'https://site.example'],
  ['a', '/', 'a'],
  ['///', '/', ''],
  ['', '/', ''],
  ['/a/b/', '/', '/a/b'],
  ['title ##', '#', 'title '],
])('%j without %j at its end is %j', (text, character, expected) => {
  expect(trimEnd(text, character)).toBe(expected);
});
