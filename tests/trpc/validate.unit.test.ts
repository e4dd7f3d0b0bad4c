import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { freezeDeep } from '#server/lib/immutable.ts';
import { isRecord } from '#server/lib/is-record.ts';
import { validate } from '#server/trpc/http/validate.ts';

const time = z.date().overwrite((date) => new Date(date));
const schema = z.object({
  at: time,
  list: z.array(z.object({ time, value: z.number().nullable() })),
  part: z.object({ name: z.string().trim(), note: z.string().default('none') }).nullable(),
  optional: z.string().optional(),
});

const outcome = (run: () => unknown) => {
  try {
    return { value: run() };
  } catch (error) {
    return error instanceof z.ZodError ? { issues: error.issues.map(({ code }) => code) } : { error };
  }
};

const dates = fc.date({ noInvalidDate: true });
const lists = fc.array(fc.record({ time: dates, value: fc.option(fc.double({ noNaN: true })) }));
const parts = fc.option(fc.record({ name: fc.string(), more: fc.nat() }));

test('an object with immutable properties has the same result as without', () => {
  const wrong = fc.constantFrom<unknown>('a string', 7, null, [{ time: 'no date', value: 1 }]);
  fc.assert(
    fc.property(dates, fc.oneof(lists, wrong), parts, fc.boolean(), (at, list, part, again) => {
      const value = { at, list, part, unknown: 1 };
      const expected = outcome(() => schema.parse(structuredClone(value)));
      if (typeof list === 'object' && list !== null) freezeDeep(list);
      if (part) freezeDeep(part);
      if (again) outcome(() => validate(schema, value));
      const found = outcome(() => validate(schema, value));
      expect(found).toEqual(expected);
      if ('value' in found)
        expect(Object.keys(Object(found.value))).toEqual(Object.keys(Object(Object(expected).value)));
    }),
    { numRuns: 500 },
  );
});

describe('the result of an immutable property', () => {
  const list = freezeDeep([{ time: new Date(0), value: 1 }]);
  const listOf = (result: unknown): unknown => (isRecord(result) ? result.list : undefined);
  const whole = () => ({ at: new Date(0), list, part: null });

  test('is reused', () => {
    expect(listOf(validate(schema, whole()))).toBe(listOf(validate(schema, whole())));
  });

  test('is not reused for another schema', () => {
    const stricter = schema.extend({ list: z.array(z.object({ value: z.number() })) });
    expect(listOf(validate(stricter, whole()))).toEqual([{ value: 1 }]);
    expect(listOf(validate(schema, whole()))).toEqual(list);
  });

  test.each([
    ['a number', z.array(z.unknown()).transform((items) => items.length), 1],
    ['null', z.array(z.unknown()).transform(() => null), null],
  ])('may be %s', (_, counted, expected) => {
    expect(validate(z.object({ list: counted }), { list })).toEqual({ list: expected });
  });

  test('is immutable', () => {
    const replacement = z.array(z.object({ value: z.number() })).parse(list);
    expect(() => Object.assign(Object(listOf(validate(schema, whole()))), { 0: replacement })).toThrow(
      TypeError,
    );
  });

  test('is passed to the refinement of a whole object', () => {
    const refined = schema.refine(({ list: items }) => items.length > 1, 'too few');
    expect(outcome(() => validate(refined, whole()))).toEqual({ issues: ['custom'] });
  });
});

test.each([
  ['keeps', z.looseObject(schema.shape)],
  ['rejects', z.strictObject(schema.shape)],
  ['describes', schema.catchall(z.number())],
])('a schema that %s unknown fields has the same result beside an immutable property', (_, other) => {
  const value = { at: new Date(0), list: freezeDeep([]), part: null, unknown: 'a text' };
  expect(outcome(() => validate(other, value))).toEqual(outcome(() => other.parse(value)));
});

test('a list with immutable items, and a value that is no object, are validated as a whole', () => {
  const items = z.array(z.object({ value: z.number() }));
  expect(validate(items, [freezeDeep({ value: 1, more: 2 })])).toEqual([{ value: 1 }]);
  for (const value of [null, undefined, 'text']) {
    expect(outcome(() => validate(schema, value))).toEqual({ issues: ['invalid_type'] });
  }
});

test('an asynchronous schema is awaited, with and without immutable properties', async () => {
  const slow = schema.extend({ list: z.array(z.unknown().transform(async () => 'late')) });
  const value = { at: new Date(0), list: freezeDeep([1]), part: null };
  expect(await validate(slow, value)).toMatchObject({ list: ['late'] });
  expect(await validate(slow, value)).toMatchObject({ list: ['late'] });
});
