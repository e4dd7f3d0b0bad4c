import fc from 'fast-check';
import superjson from 'superjson';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serializeOutput } from '#server/trpc/serialize-output.ts';

/** The parsed JSON, because the order of annotations does not matter. */
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
  { title: 'a date in an array', value: [when] },
  {
    title: 'dates in an array of objects',
    value: {
      hourly: [
        { time: when, t: 1 },
        { time: new Date(1), t: null },
      ],
    },
  },
  { title: 'an invalid date', value: { at: new Date(Number.NaN) } },
  { title: 'an undefined property', value: { a: undefined, b: 1 } },
  { title: 'numbers that JSON does not have', value: [Number.NaN, -0, Number.POSITIVE_INFINITY] },
  { title: 'a bigint', value: { a: 1n } },
  { title: 'maps and sets', value: { map: new Map([['a', when]]), set: new Set([1]) } },
  { title: 'an object that is referenced twice', value: { a: twice, b: twice } },
  { title: 'a date that is referenced twice', value: { a: when, b: when } },
  { title: 'keys with dots', value: { 'a.b': when, 'c\\d': when } },
  { title: 'numeric keys', value: { 2: new Date(2), 1: new Date(1) } },
  { title: 'an error', value: { error: new Error('no') } },
  { title: 'an object without a prototype', value: Object.assign(Object.create(null), { at: when }) },
  { title: 'a sparse array', value: sparse },
])('$title is serialized as by superjson', ({ value }) => {
  expect(written(value)).toEqual(expected(value));
});

test('plain values and dates do not pass through superjson, and only what contains a date is copied', () => {
  const serialize = vi.spyOn(superjson, 'serialize');
  onTestFinished(() => serialize.mockRestore());
  const bare: object = Object.assign(Object.create(null), { a: 1 });
  const plain = { text: 'a', yes: true, none: null, number: 1.5, list: ['b', { c: 0 }], bare };
  expect(serializeOutput(plain).json).toBe(plain);

  const output = { plain, list: [1, { a: 1 }, when], nested: { at: new Date(when) } };
  const { json } = serializeOutput(output);
  expect(json).toEqual({
    plain,
    list: [1, { a: 1 }, when.toISOString()],
    nested: { at: when.toISOString() },
  });
  expect(json).toMatchObject({ plain: expect.toSatisfy((part) => part === plain) });
  expect(json).toMatchObject({
    list: [1, expect.toSatisfy((part) => part === output.list[1]), expect.anything()],
  });
  expect(serialize).not.toHaveBeenCalled();
});

test('the output is not modified, and serializes to the same JSON again', () => {
  const output = { at: when, list: [when, { at: new Date(1) }], none: { a: [1] } };
  const before = structuredClone(output);
  expect(JSON.stringify(serializeOutput(output))).toBe(JSON.stringify(serializeOutput(output)));
  expect(output).toEqual(before);
});

test('any value is serialized as by superjson', () => {
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
  const attempt = (serialize: () => unknown) => {
    try {
      return serialize();
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
