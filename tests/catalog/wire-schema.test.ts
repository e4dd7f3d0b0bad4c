import { Ajv2020 } from 'ajv/dist/2020.js';
import superjson from 'superjson';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { wireSchema } from '#server/catalog/wire-schema.ts';
import { toJsonSchema } from '#server/lib/json-schema.ts';

/** What travels is the wire form of its schema, and the value of another type is not. */
function judge(schema: z.ZodType) {
  const written = wireSchema(toJsonSchema(schema, 'output'), 'output');
  const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(written);
  return (value: unknown) => valid(JSON.parse(JSON.stringify(superjson.serialize(value))));
}

describe('the wire form', () => {
  test.each([
    ['a date', z.date(), new Date(0), 0],
    ['a date within', z.object({ at: z.date() }), { at: new Date(0) }, { at: null }],
    ['a set', z.set(z.string()), new Set(['a']), new Set([1])],
    ['a map', z.map(z.string(), z.int()), new Map([['a', 1]]), new Map([['a', 'b']])],
    ['a bigint', z.bigint(), 12n, 12],
    ['undefined', z.void(), undefined, 'x'],
    ['a field that is undefined', z.object({ a: z.string().optional() }), { a: undefined }, { a: 1 }],
    ['a field that may be null', z.object({ a: z.date().nullish() }), { a: null }, { a: 1 }],
  ])('%s', (_, schema, right, wrong) => {
    const isWireForm = judge(schema);
    expect(isWireForm(right)).toBe(true);
    expect(isWireForm(wrong)).toBe(false);
  });

  test('needs meta where every value has a type that JSON cannot say, and there alone', () => {
    const required = (schema: z.ZodType) => wireSchema(toJsonSchema(schema, 'output'), 'output').required;
    expect(required(z.object({ deep: z.object({ at: z.date() }) }))).toEqual(['json', 'meta']);
    for (const schema of [z.date().nullable(), z.array(z.date()), z.object({ at: z.date().optional() })]) {
      expect(required(schema)).toEqual(['json']);
    }
  });

  test('an input is not told that it may send null for a field that it leaves out', () => {
    const written = wireSchema(toJsonSchema(z.object({ a: z.string().optional() }), 'input'), 'input');
    expect(JSON.stringify(written)).not.toContain('null');
  });
});
