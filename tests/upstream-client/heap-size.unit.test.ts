import { expect, test } from 'vitest';
import { heapSize } from '#server/upstream-client/heap-size.ts';

test.each([
  ['a number', 1, 8],
  ['null', null, 8],
  ['a text', 'abc', 24 + 3],
  ['a date', new Date(0), 48],
  ['an empty list', [], 24],
  ['a list', [1, 2], 24 + 2 * (8 + 8)],
  ['an object', { a: 'x', b: null }, 24 + (8 + 25) + (8 + 8)],
  ['an object in a list', [{ a: 1 }], 24 + 8 + (24 + 8 + 8)],
])('heapSize counts every part of %s', (_, value, bytes) => {
  expect(heapSize(value)).toBe(bytes);
});
