import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { outputText } from '#server/door/output-text.ts';
import { settle } from '#server/settled.ts';

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
          isSettled && typeof item === 'object' && item !== null ? settle(item) : item,
        ]),
      );
      const expected = attempt(() => JSON.stringify(superjson.serialize(output)));
      expect(attempt(() => outputText(output))).toEqual(expected);
      expect(attempt(() => outputText(output))).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

const when = new Date('2026-03-29T12:00:00.000Z');

test('the same settled value under another name has its dates there', () => {
  const part = settle({ at: when });
  const arrived = (output: unknown): unknown => superjson.parse(outputText(output));
  expect(arrived({ first: part })).toEqual({ first: { at: when } });
  expect(arrived({ second: part, other: 1n })).toEqual({ second: { at: when }, other: 1n });
  expect(arrived({ first: part, second: part })).toEqual({ first: { at: when }, second: { at: when } });
});

test('a value that stands in two places of a settled one arrives in both', () => {
  const twice = { at: when };
  const arrived: unknown = superjson.parse(outputText({ part: settle([twice, twice]) }));
  expect(arrived).toEqual({ part: [{ at: when }, { at: when }] });
});
