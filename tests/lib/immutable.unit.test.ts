import { describe, expect, test } from 'vitest';
import { freezeDeep, hasImmutable, isImmutable } from '#server/lib/immutable.ts';
import { isRecord } from '#server/lib/is-record.ts';

describe('a deeply frozen value', () => {
  test('is the same value, and no part of it can be changed', () => {
    const value = { list: [{ name: 'a' }], part: { deep: { size: 1 } }, text: 'b', nothing: null };
    expect(freezeDeep(value)).toBe(value);
    const parts = [value, value.list, value.list[0], value.part, value.part.deep];
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  });

  test('is immutable, but a part of it is so only if it was frozen itself', () => {
    const value = freezeDeep({ part: freezeDeep({}), other: {} });
    expect([isImmutable(value), isImmutable(value.part), isImmutable(value.other)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('that has a cycle is frozen, too', () => {
    const value: Record<string, unknown> = {};
    value.self = { value };
    expect(Object.isFrozen(freezeDeep(value))).toBe(true);
  });
});

test.each([undefined, null, 'text', 7, {}, [], Object.freeze({})])('%j is not immutable', (value) => {
  expect(isImmutable(value)).toBe(false);
});

test('an object has an immutable property or not', () => {
  expect(hasImmutable({ a: 1, b: freezeDeep([1]) })).toBe(true);
  expect(hasImmutable({ a: 1, b: [1], c: null })).toBe(false);
  expect(hasImmutable(freezeDeep({ a: {} }))).toBe(false);
});

test.each([
  [{}, true],
  [[], true],
  [null, false],
  [undefined, false],
  ['text', false],
  [7, false],
])('%j can have properties: %s', (value, expected) => {
  expect(isRecord(value)).toBe(expected);
});
