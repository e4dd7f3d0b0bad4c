import { Ajv2020 } from 'ajv/dist/2020.js';
import superjson from 'superjson';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { wireSchema } from '#server/catalog/wire-schema.ts';
import { toJsonSchema } from '#server/lib/json-schema.ts';

/** Returns a function that validates the serialized form of a value with the wire schema. */
function wireValidator(schema: z.ZodType) {
  const wire = wireSchema(toJsonSchema(schema, 'output'), 'output');
  const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(wire);
  return (value: unknown) => valid(JSON.parse(JSON.stringify(superjson.serialize(value))));
}

describe('the wire schema', () => {
  test.each([
    ['a date', z.date(), new Date(0), 0],
    ['a date within', z.object({ at: z.date() }), { at: new Date(0) }, { at: null }],
    ['a set', z.set(z.string()), new Set(['a']), new Set([1])],
    ['a map', z.map(z.string(), z.int()), new Map([['a', 1]]), new Map([['a', 'b']])],
    ['a bigint', z.bigint(), 12n, 12],
    ['undefined', z.void(), undefined, 'x'],
    ['a field that is undefined', z.object({ a: z.string().optional() }), { a: undefined }, { a: 1 }],
    ['a nullable field', z.object({ a: z.date().nullish() }), { a: null }, { a: 1 }],
  ])('%s', (_, schema, right, wrong) => {
    const isValid = wireValidator(schema);
    expect(isValid(right)).toBe(true);
    expect(isValid(wrong)).toBe(false);
  });

  test('requires meta only if every value has a type that JSON does not have', () => {
    const required = (schema: z.ZodType) => wireSchema(toJsonSchema(schema, 'output'), 'output').required;
    expect(required(z.object({ deep: z.object({ at: z.date() }) }))).toEqual(['json', 'meta']);
    for (const schema of [z.date().nullable(), z.array(z.date()), z.object({ at: z.date().optional() })]) {
      expect(required(schema)).toEqual(['json']);
    }
  });

  test('of an input does not allow null for an optional field', () => {
    const written = wireSchema(toJsonSchema(z.object({ a: z.string().optional() }), 'input'), 'input');
    expect(JSON.stringify(written)).not.toContain('null');
  });
});
