import { describe, expect, test } from 'vitest';
import { AnnotationError, checkAnnotations } from '#server/trpc/superjson-annotations.ts';

function check(json: unknown, tree: unknown, { version = 1, maxAnnotations = 100 } = {}): () => void {
  return () => checkAnnotations(json, tree, { version, maxAnnotations });
}

const invalidMetadata = new AnnotationError('The metadata does not match the input.');
const notAccepted = new AnnotationError('The input contains a type that is not accepted.');

const error = { name: 'TypeError', message: 'no' };
const jsonOf: Record<string, { valid: unknown[]; invalid: unknown[] }> = {
  undefined: { valid: [null], invalid: [0, '', false, {}] },
  bigint: { valid: ['1', '-12'], invalid: [1, '', '-', '--1', '1x', 'x1', '1.5'] },
  Date: { valid: ['2026-01-01T00:00:00.000Z'], invalid: [0, null, {}] },
  Error: {
    valid: [error, { ...error, cause: 1 }],
    invalid: ['no', [], { name: 'E' }, { message: 'no' }, { ...error, name: 1 }, { ...error, stack: 's' }],
  },
  regexp: { valid: ['/a/i', '/'], invalid: ['a', 'a/', '', 1] },
  set: { valid: [[], [1]], invalid: [{}, 'a', null] },
  map: {
    valid: [
      [],
      [
        [1, 2],
        ['a', []],
      ],
    ],
    invalid: [{}, [1], ['ab'], [[]], [[1]], [[1, 2, 3]], [[1, 2], [1]]],
  },
  number: { valid: ['NaN', 'Infinity', '-Infinity', '-0'], invalid: ['0', 'nan', '+Infinity', '', 0] },
  URL: { valid: ['https://site.example/'], invalid: [1, null] },
};

describe.each(Object.entries(jsonOf))('the annotation %s', (annotation, { valid, invalid }) => {
  test.each(valid.map((json) => ({ json })))('is accepted for $json', ({ json }) => {
    expect(check(json, [annotation])).not.toThrow();
    expect(check({ a: json }, { a: [annotation] })).not.toThrow();
  });

  test.each(invalid.map((json) => ({ json })))('is rejected for $json', ({ json }) => {
    const expected = new AnnotationError(`The input contains a value that is not a valid ${annotation}.`);
    expect(check(json, [annotation])).toThrow(expected);
  });
});

test.each([
  ['a name of Object', ['toString']],
  ['a number', [1]],
  ['nothing', []],
  ['a list', [['symbol', 'a']]],
  ['a third part', ['set', {}, null]],
])('%s is no annotation', (_, tree) => {
  expect(check([], tree)).toThrow(notAccepted);
});

test.each([
  ['a set', [null], ['set', { '0': ['undefined'] }]],
  ['an error', { ...error, cause: null }, ['Error', { cause: ['undefined'] }]],
  ['a key of a map', [[null, 1]], ['map', { '0.0': ['undefined'] }]],
  ['a value of a map', [[1, { a: null }]], ['map', { '0.1.a': ['undefined'] }]],
  ['a set in a set', [[null]], ['set', { '0': ['set', { '0': ['undefined'] }] }]],
])('%s may contain annotated values', (_, json, tree) => {
  expect(check(json, tree)).not.toThrow();
});

test.each([
  ['a value that contains none', null, ['undefined', {}]],
  ['an entry of a map', [[1, 2]], ['map', { '0': ['set'] }]],
  ['no children', [], ['set', undefined]],
])('%s may not have annotated children', (_, json, tree) => {
  expect(check(json, tree)).toThrow(invalidMetadata);
});

test('as many annotations as allowed are accepted, one more is not', () => {
  const json = { a: null, b: null, c: null };
  const tree = { a: ['undefined'], b: ['undefined'], c: ['undefined'] };
  expect(check(json, tree, { maxAnnotations: 3 })).not.toThrow();
  expect(check(json, tree, { maxAnnotations: 2 })).toThrow(
    new AnnotationError('The input has more than 2 type annotations.'),
  );
});

describe('a path', () => {
  const nothing = ['undefined'];

  test.each([
    ['leads to several values of an object', { a: { b: null, c: null } }, { a: { b: nothing, c: nothing } }],
    ['may share its first keys', { a: { b: null, c: null } }, { 'a.b': nothing, a: { c: nothing } }],
    ['leads to items of an array', [null, 0, null], { '0': nothing, '2': nothing }],
    ['leads to a key that looks like an index', { '01': null }, { '01': nothing }],
    ['leads to an empty key', { '': { '': null } }, { '.': nothing }],
    ['leads to a key with a dot', { 'a.b': null }, { 'a\\.b': nothing }],
    ['leads to a key with a backslash', { 'a\\b': null }, { 'a\\\\b': nothing }],
    ['leads to a key with both', { '\\.': null }, { '\\\\\\.': nothing }],
  ])('%s', (_, json, tree) => {
    expect(check(json, tree)).not.toThrow();
  });

  test.each([
    ['to the same value twice', { a: { b: null } }, { 'a.b': nothing, a: { b: nothing } }],
    ['through an annotated value', { a: [null] }, { a: ['set'], 'a.0': nothing }],
    ['to a missing key', { a: null }, { b: nothing }],
    ['below null', { a: null }, { 'a.b': nothing }],
    ['below a text', { a: 'text' }, { 'a.length': nothing }],
    ['to an inherited key', { a: {} }, { 'a.toString': nothing }],
    ['to the length of an array', [null], { length: nothing }],
    ['to an index with zeros', [null], { '00': nothing }],
    ['to an index with text before it', [null], { a0: nothing }],
    ['to an index with text after it', [null], { '0a': nothing }],
    ['to a forbidden key', JSON.parse('{"__proto__":null}'), JSON.parse('{"__proto__":["undefined"]}')],
    ['to another forbidden key', { constructor: null }, { constructor: nothing }],
    ['with a backslash before a letter', { 'a\\b': null }, { 'a\\b': nothing }],
    ['with a backslash at its end', { 'a\\': null }, { 'a\\': nothing }],
  ])('that leads %s is rejected', (_, json, tree) => {
    expect(check(json, tree)).toThrow(invalidMetadata);
  });

  test.each([
    ['a\\b', 'a\\b'],
    ['a\\', 'a\\'],
    ['a\\\\b', 'a\\\\b'],
    ['a\\.b', 'a.b'],
  ])('of an older release, %s, leads to the key %s', (path, key) => {
    expect(check({ [key]: null }, { [path]: nothing }, { version: 0 })).not.toThrow();
  });
});

test.each([['a text'], [null], [1], [undefined]])('%j is no tree', (tree) => {
  expect(check({}, tree)).toThrow(invalidMetadata);
});

test('an empty tree is accepted', () => {
  expect(check('text', {})).not.toThrow();
});
