import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { freezeDeep } from '#server/lib/immutable.ts';
import { serializeOutputJson } from '#server/trpc/http/output-json.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.date()),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
    fc.bigInt(),
  ),
})).value;

const attempt = (write: () => string): unknown => {
  try {
    return JSON.parse(write());
  } catch (error) {
    return String(error);
  }
};

test('an object with settled properties is written as superjson writes it, the second time too', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.tuple(value, fc.boolean()), { maxKeys: 6 }), (entries) => {
      const output = Object.fromEntries(
        Object.entries(entries).map(([key, [item, isSettled]]) => [
          key,
          isSettled && typeof item === 'object' && item !== null ? freezeDeep(item) : item,
        ]),
      );
      const expected = attempt(() => JSON.stringify(superjson.serialize(output)));
      expect(attempt(() => serializeOutputJson(output))).toEqual(expected);
      expect(attempt(() => serializeOutputJson(output))).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

const when = new Date('2026-03-29T12:00:00.000Z');

test('the same settled value under another name has its dates there', () => {
  const part = freezeDeep({ at: when });
  const arrived = (output: unknown): unknown => superjson.parse(serializeOutputJson(output));
  expect(arrived({ first: part })).toEqual({ first: { at: when } });
  expect(arrived({ second: part, other: 1n })).toEqual({ second: { at: when }, other: 1n });
  expect(arrived({ first: part, second: part })).toEqual({ first: { at: when }, second: { at: when } });
});

test('a value that stands in two places of a settled one arrives in both', () => {
  const twice = { at: when };
  const arrived: unknown = superjson.parse(serializeOutputJson({ part: freezeDeep([twice, twice]) }));
  expect(arrived).toEqual({ part: [{ at: when }, { at: when }] });
});
