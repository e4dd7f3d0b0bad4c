import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { serializeOutput } from '#server/trpc/serialize-output.ts';

/** As it arrives. The order of annotations means nothing. */
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(serializeOutput(value)));
const expected = (value: unknown): unknown => JSON.parse(JSON.stringify(superjson.serialize(value)));
const sparse: unknown[] = [1];
sparse[2] = 2;

const twice = { at: new Date(0) };
const when = new Date('2026-03-29T12:00:00.000Z');

test.each([
  { title: 'null', value: null },
  { title: 'undefined', value: undefined },
  { title: 'a date', value: when },
  { title: 'a date in a list', value: [when] },
  {
    title: 'dates in a list of objects',
    value: {
      hourly: [
        { time: when, t: 1 },
        { time: new Date(1), t: null },
      ],
    },
  },
  { title: 'a date that is none', value: { at: new Date(Number.NaN) } },
  { title: 'an undefined property', value: { a: undefined, b: 1 } },
  { title: 'numbers that are none of JSON', value: [Number.NaN, -0, Number.POSITIVE_INFINITY] },
  { title: 'a bigint', value: { a: 1n } },
  { title: 'maps and sets', value: { map: new Map([['a', when]]), set: new Set([1]) } },
  { title: 'an object in two places', value: { a: twice, b: twice } },
  { title: 'a date in two places', value: { a: when, b: when } },
  { title: 'keys with dots', value: { 'a.b': when, 'c\\d': when } },
  { title: 'numeric keys', value: { 2: new Date(2), 1: new Date(1) } },
  { title: 'an error', value: { error: new Error('no') } },
  { title: 'an object without a prototype', value: Object.assign(Object.create(null), { at: when }) },
  { title: 'a list with a hole', value: sparse },
])('$title is written as superjson does', ({ value }) => {
  expect(written(value)).toEqual(expected(value));
});

test('the output itself is left as it is, and written a second time the same', () => {
  const output = { at: when, list: [when, { at: new Date(1) }], none: { a: [1] } };
  const before = structuredClone(output);
  expect(JSON.stringify(serializeOutput(output))).toBe(JSON.stringify(serializeOutput(output)));
  expect(output).toEqual(before);
});

test('whatever there is is written as superjson does', () => {
  const anything = fc.anything({
    withDate: true,
    withBigInt: true,
    withMap: true,
    withSet: true,
    maxDepth: 4,
  });
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.date({ noInvalidDate: false })),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value;
  const attempt = (write: () => unknown) => {
    try {
      return write();
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(fc.oneof(anything, plain), (value) => {
      expect(attempt(() => written(value))).toEqual(attempt(() => expected(value)));
    }),
    { numRuns: 3_000 },
  );
});
