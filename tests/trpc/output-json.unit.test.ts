import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { freezeDeep } from '#server/lib/immutable.ts';
import { serializeOutputJson, serializeOutputParts } from '#server/trpc/http/output-json.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.date()),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
    fc.bigInt(),
  ),
})).value;

/**
 * Returns the parsed JSON without references. superjson also records equal bigints as references to each other, which
 * makes no difference to the reader and is not reproduced across properties.
 */
const attempt = (serialize: () => string): unknown => {
  try {
    return JSON.parse(serialize(), (key, item: unknown) =>
      key === 'referentialEqualities' ? undefined : item,
    );
  } catch (error) {
    return String(error);
  }
};

test('an object with immutable properties has the same JSON as by superjson, also when it is serialized again', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.tuple(value, fc.boolean()), { maxKeys: 6 }), (entries) => {
      const output = Object.fromEntries(
        Object.entries(entries).map(([key, [item, freeze]]) => [
          key,
          // fast-check reuses its values while it shrinks a counterexample, so a copy is frozen.
          freeze && typeof item === 'object' && item !== null ? freezeDeep(structuredClone(item)) : item,
        ]),
      );
      const expected = attempt(() => superjson.stringify(output));
      expect(attempt(() => serializeOutputJson(output))).toEqual(expected);
      expect(attempt(() => serializeOutputJson(output))).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

test('equal bigints in an immutable property and beside it are both restored', () => {
  const restored: unknown = superjson.parse(
    serializeOutputJson({ part: freezeDeep([1n]), other: { big: 1n } }),
  );
  expect(restored).toEqual({ part: [1n], other: { big: 1n } });
});

const when = new Date('2026-03-29T12:00:00.000Z');

test('an immutable value under another key has its dates under that key', () => {
  const part = freezeDeep({ at: when });
  const roundTrip = (output: unknown): unknown => superjson.parse(serializeOutputJson(output));
  expect(roundTrip({ first: part })).toEqual({ first: { at: when } });
  expect(roundTrip({ second: part, other: 1n })).toEqual({ second: { at: when }, other: 1n });
  expect(roundTrip({ first: part, second: part })).toEqual({ first: { at: when }, second: { at: when } });
});

const valuesOf = (value: unknown): unknown[] => Object.values(Object(value));

test.each([
  ['an immutable value', () => freezeDeep({ at: when })],
  ['another value, beside an immutable one', () => ({ at: when })],
])('%s that occurs twice is one object to the reader, too', (_, create) => {
  const twice = create();
  const output = { first: twice, second: twice, part: freezeDeep([1]) };
  const [first, second] = valuesOf(superjson.parse(serializeOutputJson(output)));
  expect(first).toEqual({ at: when });
  expect(second).toBe(first);
});

test('a value that an immutable value contains twice arrives in both places', () => {
  const twice = { at: when };
  const arrived = superjson.parse(serializeOutputJson({ part: freezeDeep([twice, twice]) }));
  expect(arrived).toEqual({ part: [{ at: when }, { at: when }] });
  const [first, second] = valuesOf(valuesOf(arrived)[0]);
  expect(second).toBe(first);
});

test('an array with immutable items has the same JSON as by superjson', () => {
  const output = [freezeDeep({ at: when }), { at: when }];
  expect(JSON.parse(serializeOutputJson(output))).toEqual(JSON.parse(superjson.stringify(output)));
});

test.each([
  ['whole', serializeOutputJson],
  ['to be embedded', serializeOutputParts],
])('an immutable property of an output that is serialized %s is serialized once', (_, serialize) => {
  let reads = 0;
  const part = freezeDeep({
    get name() {
      reads += 1;
      return 'Ada';
    },
  });
  const other = freezeDeep({ at: when });
  serialize({ part });
  expect(reads).toBeGreaterThan(0);
  reads = 0;
  for (const more of [{}, { other }, { one: 1, same: 1 }, { when }]) serialize({ part, ...more });
  expect(reads).toBe(0);
});

test('an output to be embedded has its annotations apart, unless an object occurs twice in it', () => {
  expect(serializeOutputParts({ at: when, n: 1 })).toEqual({
    json: '{"at":"2026-03-29T12:00:00.000Z","n":1}',
    values: '{"at":["Date"]}',
  });
  expect(serializeOutputParts([1])).toEqual({ json: '[1]' });
  expect(serializeOutputParts({ part: freezeDeep([1]) })).toEqual({ json: '{"part":[1]}' });
  const twice = {};
  expect(serializeOutputParts([twice, twice])).toBeUndefined();
});
