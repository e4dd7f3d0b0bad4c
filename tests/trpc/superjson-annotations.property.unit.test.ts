import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { isRecord } from '#server/lib/is-record.ts';
import { checkAnnotations } from '#server/trpc/superjson-annotations.ts';
import { deserializeInput } from '#server/trpc/transformer.ts';
import { serializable } from '#tests/http/support/values.ts';

const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** Returns a view of a JSON value that counts each access to a property at any depth. */
function counted<T>(value: T, count: () => void): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      count();
      return counted(Reflect.get(target, key, receiver), count);
    },
    ownKeys(target) {
      count();
      return Reflect.ownKeys(target);
    },
  });
}

/** Deserializes, and returns the number of accesses to the JSON and its metadata. */
function workOf(wire: { json: unknown; meta: unknown }): number {
  let accesses = 0;
  try {
    deserializeInput(counted(wire, () => (accesses += 1)));
  } catch (error) {
    expect(error).toMatchObject({ reason: 'invalid_input' });
  }
  return accesses;
}

/** Names and paths that have a meaning for superjson. */
const meaningful = fc.constantFrom(
  ...['', '0', '1', 'a', 'a.0', '0.0', '0.1', 'a.a', '\\', '\\.', 'a\\\\b', '4294967294', '1e9', '-1', '.'],
  ...['__proto__', 'constructor', 'prototype', 'length', 'size'],
  ...['undefined', 'bigint', 'Date', 'Error', 'regexp', 'set', 'map', 'number', 'URL', 'symbol', 'class'],
);
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constant(null),
    meaningful,
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(meaningful, fc.string()), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Copies a JSON value with one of its parts replaced. `position` selects the part. */
function replaceAt(value: unknown, position: number, replacement: unknown): unknown {
  let index = 0;
  function copy(part: unknown): unknown {
    index += 1;
    if (index === position) return replacement;
    if (Array.isArray(part)) return part.map(copy);
    if (!isRecord(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, copy(item)]));
  }
  return copy(value);
}

test('arbitrary metadata is rejected as invalid input or applied, with work linear in its size', () => {
  fc.assert(
    fc.property(anyJson, anyJson, (json, values) => {
      const wire: unknown = JSON.parse(JSON.stringify({ json, meta: { values, v: 1 } }));
      if (!isRecord(wire)) return;
      const size = sizeOf(wire);
      expect(workOf({ json: wire.json, meta: wire.meta })).toBeLessThanOrEqual(50 + 20 * size);
    }),
    { numRuns: 2_000 },
  );
});

test('metadata of superjson with one part replaced is rejected or applied, with work linear in its size', () => {
  fc.assert(
    fc.property(serializable, fc.nat(60), anyJson, fc.boolean(), (value, position, replacement, ofJson) => {
      const wire = superjson.serialize(value);
      const json: unknown = ofJson ? replaceAt(wire.json, position, replacement) : wire.json;
      const values = ofJson ? wire.meta?.values : replaceAt(wire.meta?.values ?? {}, position, replacement);
      const changed: unknown = JSON.parse(JSON.stringify({ json, meta: { values, v: 1 } }));
      if (!isRecord(changed)) return;
      const size = sizeOf(changed);
      expect(workOf({ json: changed.json, meta: changed.meta })).toBeLessThanOrEqual(50 + 20 * size);
    }),
    { numRuns: 2_000 },
  );
});

test('the metadata that superjson writes is accepted', () => {
  fc.assert(
    fc.property(serializable, (value) => {
      const { json, meta } = superjson.serialize(value);
      const wire: unknown = JSON.parse(JSON.stringify({ json: json ?? null, values: meta?.values ?? {} }));
      if (!isRecord(wire)) return;
      const options = { version: 1, maxAnnotations: 2_000 };
      expect(() => checkAnnotations(wire.json, wire.values, options)).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
});

const date = '2026-01-01T00:00:00.000Z';

test.each([
  ['a text as the tree', null, 'a'],
  ['a text as a child', { a: null }, { a: 'Date' }],
  ['a text as the children', [], ['set', 'a']],
  ['an array as the children', [], ['set', [['Date']]]],
  ['null as the tree', null, null],
  ['an empty array', null, []],
  ['a third part', [], ['set', {}, {}]],
  ['children of a value that has none', date, ['Date', { '0': ['Date'] }]],
  ['an array index that does not exist', [], { '4294967294': ['undefined'] }],
  ['an array index in another form', [null], { '0e0': ['undefined'] }],
  ['the length of an array', [], { length: ['undefined'] }],
  ['a key that does not exist', { a: 1 }, { b: ['undefined'] }],
  ['an inherited key', { a: 1 }, { toString: ['undefined'] }],
  ['a key of a text', 'abc', { '0': ['undefined'] }],
  ['the same value twice', { a: { b: date } }, { a: { b: ['Date'] }, 'a.b': ['Date'] }],
  ['a path through an annotated value', { a: [date] }, { a: ['set'], 'a.0': ['Date'] }],
  ['a wrong escape', { 'a\\b': date }, { 'a\\b': ['Date'] }],
  ['a type that is not accepted', 3, [['typed-array', 'Int8Array']]],
  ['a map without pairs', [1], ['map']],
  ['an entry of a map', [[1, 2]], ['map', { '0': ['set'] }]],
  ['a bigint that is a number', 1, ['bigint']],
  ['a stack', { name: 'E', message: 'm', stack: 's' }, ['Error']],
])('%s is rejected before superjson reads it', (_, json, values) => {
  expect(() => deserializeInput({ json, meta: { values, v: 1 } })).toThrow(
    expect.objectContaining({
      reason: 'invalid_input',
      fieldErrors: { input: [expect.not.stringContaining('cannot be deserialized')] },
    }),
  );
});

test.each(['__proto__', 'constructor', 'prototype'])('the key %s is rejected at any depth', (key) => {
  for (const text of [`{"json":{"${key}":1}}`, `{"json":[{"a":{"${key}":{}}}]}`]) {
    expect(() => deserializeInput(JSON.parse(text))).toThrow(
      expect.objectContaining({ reason: 'invalid_input' }),
    );
  }
});

test('the paths of older superjson releases, without a version, are accepted', () => {
  const json = { 'a\\b': date, 'c.d': date, 'e\\\\f': date };
  const values = { 'a\\b': ['Date'], 'c\\.d': ['Date'], 'e\\\\f': ['Date'] };
  expect(deserializeInput({ json, meta: { values } })).toEqual({
    'a\\b': new Date(date),
    'c.d': new Date(date),
    'e\\\\f': new Date(date),
  });
});
