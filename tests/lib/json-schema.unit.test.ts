import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { examplesOf, lenientObjects, toJsonSchema } from '#server/lib/json-schema.ts';

const $schema = 'https://json-schema.org/draft/2020-12/schema';

describe('the JSON form of a type that JSON does not have', () => {
  const date = { type: 'string', format: 'date-time', 'x-superjson': 'Date' };

  test.each([
    ['a date', z.date(), date],
    ['a bigint', z.bigint(), { type: 'string', pattern: '^-?\\d+$', 'x-superjson': 'bigint' }],
    ['a set', z.set(z.date()), { type: 'array', items: date, 'x-superjson': 'set' }],
    [
      'a map',
      z.map(z.string(), z.date()),
      {
        type: 'array',
        items: { type: 'array', prefixItems: [{ type: 'string' }, date], minItems: 2, maxItems: 2 },
        'x-superjson': 'map',
      },
    ],
    ['undefined', z.undefined(), { type: 'null', 'x-superjson': 'undefined' }],
    ['nothing', z.void(), { type: 'null', 'x-superjson': 'undefined' }],
  ])('is described: %s', (_, schema, expected) => {
    expect(toJsonSchema(schema, 'output')).toEqual({ $schema, ...expected });
  });

  test('is described within an object as well', () => {
    expect(toJsonSchema(z.object({ at: z.date() }), 'output').properties).toEqual({ at: date });
  });

  test('keeps the description of the schema', () => {
    expect(toJsonSchema(z.date().describe('the start'), 'output').description).toBe('the start');
  });
});

describe('additional properties', () => {
  test('of an output are allowed, unless the schema forbids or describes them', () => {
    const additional = (schema: z.ZodType) => toJsonSchema(schema, 'output').additionalProperties;
    expect(additional(z.object({ a: z.string() }))).toBeUndefined();
    expect(additional(z.strictObject({ a: z.string() }))).toBe(false);
    expect(additional(z.object({ a: z.string() }).catchall(z.number()))).toEqual({ type: 'number' });
  });

  test('of a record with known keys are its properties', () => {
    expect(toJsonSchema(z.record(z.enum(['a', 'b']), z.number()), 'output')).toEqual({
      $schema,
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number' } },
      required: ['a', 'b'],
    });
  });

  test('of a record with any keys stay', () => {
    expect(toJsonSchema(z.record(z.string(), z.number()), 'output')).toMatchObject({
      propertyNames: { type: 'string' },
      additionalProperties: { type: 'number' },
    });
  });
});

test('a default is optional in an input and present in an output', () => {
  const schema = z.object({ days: z.int().default(7), at: z.set(z.string().default('a')) });
  expect(toJsonSchema(schema, 'input').required).toEqual(['at']);
  expect(toJsonSchema(schema, 'output').required).toEqual(['days', 'at']);
});

test('the examples of a schema are those of its meta', () => {
  expect(examplesOf(z.string().meta({ examples: ['a', 'b'] }))).toEqual(['a', 'b']);
  expect(examplesOf(z.string())).toEqual([]);
  expect(examplesOf(z.string().meta({ description: 'a text' }))).toEqual([]);
});

describe('the objects of an input that drop unknown fields', () => {
  const pathsOf = (schema: z.ZodType) => [...lenientObjects(toJsonSchema(schema, 'input'), 'input')];
  const strict = z.strictObject({ a: z.string() });
  const lenient = z.object({ a: z.string() });

  test.each<[string, z.ZodType, string[]]>([
    ['the input itself', lenient, ['input']],
    ['a field', z.strictObject({ part: lenient, other: strict }), ['input.part']],
    [
      'fields of fields',
      z.object({ part: z.object({ deep: lenient }) }),
      ['input', 'input.part', 'input.part.deep'],
    ],
    ['the elements of a list', z.strictObject({ list: z.array(lenient) }), ['input.list']],
    ['one of several alternatives', z.union([strict, lenient]), ['input']],
    ['none', z.strictObject({ part: strict, list: z.array(strict), text: z.string() }), []],
    ['none, because its fields are described', lenient.catchall(z.string()), []],
  ])('are found: %s', (_, schema, paths) => {
    expect(pathsOf(schema)).toEqual(paths);
  });

  test.each(['const', 'default', 'enum', 'examples'])('are not sought in the values of %s', (keyword) => {
    const value = { properties: { a: { type: 'string' } } };
    expect([...lenientObjects({ type: 'object', [keyword]: value }, 'input')]).toEqual([]);
  });

  test('are not sought in what is no schema', () => {
    for (const schema of [undefined, null, 'text', true])
      expect([...lenientObjects(schema, 'x')]).toEqual([]);
  });
});
