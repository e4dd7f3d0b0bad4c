import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { transformer } from '#server/trpc/transformer.ts';

const { inputDepth, inputAnnotations } = limits;
const deserialize = (input: unknown): unknown => transformer.input.deserialize(Object(input));
const rejected = (message: string) =>
  expect.objectContaining({ reason: 'invalid_input', fieldErrors: { input: [message] } });

/** Returns arrays or objects within each other. */
const nested = (depth: number, enclose: (inner: unknown) => unknown = (inner) => [inner]): unknown =>
  depth === 0 ? null : enclose(nested(depth - 1, enclose));

describe('an input', () => {
  test.each([
    ['a value', { json: { a: 1 } }, { a: 1 }],
    ['nothing', {}, undefined],
    ['null', { json: null }, null],
    ['a value with empty metadata', { json: 1, meta: {} }, 1],
    ['a value with a version alone', { json: 1, meta: { v: 1 } }, 1],
    [
      'a date',
      { json: '2026-01-01T00:00:00.000Z', meta: { values: ['Date'], v: 1 } },
      new Date('2026-01-01'),
    ],
    ['undefined', { json: null, meta: { values: ['undefined'], v: 1 } }, undefined],
  ])('of %s is restored', (_, input, value) => {
    expect(deserialize(input)).toEqual(value);
  });

  test.each([
    ['metadata of another type', { json: 1, meta: 1 }],
    ['metadata of another type beside another key', { json: 1, meta: 1, more: 2 }],
    ['a version that is a text', { json: 1, meta: { v: '1' } }],
    ['references of another type', { json: 1, meta: { referentialEqualities: 'a' } }],
    ['three groups of references', { json: 1, meta: { referentialEqualities: [['a'], {}, {}] } }],
  ])('with %s is rejected as such', (_, input) => {
    expect(() => deserialize(input)).toThrow(rejected('The metadata is invalid.'));
  });

  test.each([
    ['that is not wrapped', { name: 'Ada' }],
    ['with metadata alone', { meta: { values: {} } }],
    ['with another key', { json: 1, more: 2 }],
  ])('%s is rejected with how to wrap it', (_, input) => {
    expect(() => deserialize(input)).toThrow(
      expect.objectContaining({
        fieldErrors: { input: [expect.stringContaining('wrap the input in "json"')] },
      }),
    );
  });
});

describe('the nesting of an input', () => {
  const tooDeep = rejected(`The input is nested deeper than ${inputDepth} levels.`);

  test.each([
    ['arrays', undefined],
    ['objects', (inner: unknown) => ({ a: inner })],
  ])('may have the limit of %s, and no level more', (_, enclose) => {
    expect(() => deserialize({ json: nested(inputDepth, enclose) })).not.toThrow();
    expect(() => deserialize({ json: nested(inputDepth + 1, enclose) })).toThrow(tooDeep);
  });

  test('is limited in its metadata as well', () => {
    const meta = (depth: number) => ({ json: 1, meta: { values: nested(depth) } });
    expect(() => deserialize(meta(inputDepth))).toThrow(tooDeep);
  });
});

describe('the annotations of an input', () => {
  const dates = (count: number) => ({
    json: Array(count).fill('2026-01-01T00:00:00.000Z'),
    meta: {
      values: Object.fromEntries(Array.from({ length: count }, (_, n) => [String(n), ['Date']])),
      v: 1,
    },
  });

  test('may be as many as the limit, and no more', () => {
    expect(deserialize(dates(inputAnnotations))).toHaveLength(inputAnnotations);
    expect(() => deserialize(dates(inputAnnotations + 1))).toThrow(
      rejected(`The input has more than ${inputAnnotations} type annotations.`),
    );
  });

  const annotated = (json: unknown, annotation: string) => ({ json, meta: { values: [annotation], v: 1 } });
  test.each([
    ['bigint', '-12', -12n],
    ['number', 'NaN', Number.NaN],
    ['number', '-Infinity', Number.NEGATIVE_INFINITY],
    ['number', '-0', -0],
    ['regexp', '/a/i', /a/i],
    ['set', [1], new Set([1])],
    ['map', [[1, 2]], new Map([[1, 2]])],
    ['URL', 'https://a.example/', new URL('https://a.example/')],
    ['undefined', null, undefined],
  ])('of the type %s restore %j', (annotation, json, value) => {
    expect(deserialize(annotated(json, annotation))).toEqual(value);
  });

  test.each([
    ['bigint', '1.5'],
    ['bigint', '12n'],
    ['bigint', ''],
    ['number', '1'],
    ['number', 1],
    ['regexp', 'a'],
    ['set', { 0: 1 }],
    ['map', [[1]]],
    ['map', [[1, 2, 3]]],
    ['map', {}],
    ['URL', 1],
    ['Date', 1],
    ['undefined', 0],
    ['Error', { name: 'E' }],
    ['Error', { name: 1, message: 'm' }],
    ['Error', { name: 'E', message: 'm', stack: 's' }],
  ])('of the type %s reject %j', (annotation, json) => {
    expect(() => deserialize(annotated(json, annotation))).toThrow(
      rejected(`The input contains a value that is not a valid ${annotation}.`),
    );
  });

  test('that no JSON can have are rejected when they are applied', () => {
    expect(() => deserialize(annotated('no URL', 'URL'))).toThrow(
      rejected('The input cannot be deserialized.'),
    );
  });

  test('name keys with dots and backslashes', () => {
    const date = '2026-01-01T00:00:00.000Z';
    const json = { 'a.b': date, 'c\\d': date, e: { 'f.': date } };
    const values = { 'a\\.b': ['Date'], 'c\\\\d': ['Date'], 'e.f\\.': ['Date'] };
    expect(deserialize({ json, meta: { values, v: 1 } })).toEqual({
      'a.b': new Date(date),
      'c\\d': new Date(date),
      e: { 'f.': new Date(date) },
    });
  });

  test.each(['a\\', 'a\\x', 'a..b', ''])('with the path %j match nothing', (path) => {
    const json = { a: '2026-01-01T00:00:00.000Z' };
    expect(() => deserialize({ json, meta: { values: { [path]: ['Date'] }, v: 1 } })).toThrow(
      rejected('The metadata does not match the input.'),
    );
  });
});

describe('references', () => {
  const missing = rejected('The input contains a reference to a missing value.');
  const withReferences = (json: unknown, referentialEqualities: unknown) => ({
    json,
    meta: { referentialEqualities },
  });

  test.each([
    [{ a: 1, b: 1 }, { a: ['b'] }],
    [{ a: { 'x.y': 1 }, b: [1] }, { 'b.0': ['a.x\\.y'] }],
    [{ a: { a: 1 } }, [['a']]],
    [{ a: 1, b: 1, c: 2 }, [['a'], { b: ['c'] }]],
  ])('of %j to values that are there are ignored: %j', (json, equalities) => {
    expect(deserialize(withReferences(json, equalities))).toEqual(json);
  });

  test.each([
    [{ a: 1, b: null }, { a: ['b'] }],
    [{ a: 1 }, { a: ['b'] }],
    [{ a: 1, b: 1 }, { a: ['b', 'b.c'] }],
    [{ a: null }, [['a']]],
    [{ a: 1, b: null }, [['a'], { a: ['b'] }]],
    [{ a: 1 }, { a: ['toString'] }],
  ])('of %j to values that are missing are rejected: %j', (json, equalities) => {
    expect(() => deserialize(withReferences(json, equalities))).toThrow(missing);
  });
});
