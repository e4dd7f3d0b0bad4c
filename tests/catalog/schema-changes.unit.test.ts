import { describe, expect, test } from 'vitest';
import { compareContracts } from '#server/catalog/contract/compare.ts';
import type { ProcedureContract } from '#server/catalog/contract/contract.ts';
import { type Direction, isBreaking } from '#server/catalog/contract/direction.ts';
import { schemaChanges } from '#server/catalog/contract/schema-changes.ts';
import type { JsonSchema } from '#server/lib/json-schema.ts';

function changes(before: JsonSchema, after: JsonSchema, io: 'input' | 'output' = 'input'): string[] {
  return [...schemaChanges({ before, after, place: 'x', io })].map(
    ({ message, breaking }) => `${breaking ? 'breaking' : 'compatible'}: ${message}`,
  );
}

test.each<[Direction, boolean, boolean]>([
  ['narrowed', true, false],
  ['widened', false, true],
  ['changed', true, true],
])('a set of values that is %s breaks an input: %s, and an output: %s', (direction, input, output) => {
  expect(isBreaking(direction, 'input')).toBe(input);
  expect(isBreaking(direction, 'output')).toBe(output);
});

describe('a bound', () => {
  test.each(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])(
    '%s is narrower if it is higher',
    (bound) => {
      expect(changes({ [bound]: 1 }, { [bound]: 2 })).toEqual([`breaking: x: ${bound} 2, was 1`]);
      expect(changes({ [bound]: 2 }, { [bound]: 1 })).toEqual([`compatible: x: ${bound} 1, was 2`]);
    },
  );

  test.each(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])(
    '%s is narrower if it is lower',
    (bound) => {
      expect(changes({ [bound]: 2 }, { [bound]: 1 })).toEqual([`breaking: x: ${bound} 1, was 2`]);
      expect(changes({ [bound]: 1 }, { [bound]: 2 })).toEqual([`compatible: x: ${bound} 2, was 1`]);
    },
  );

  test.each([
    ['added', {}, { minimum: 0 }, 'breaking: x: minimum 0, was none'],
    ['removed', { minimum: 0 }, {}, 'compatible: x: minimum none, was 0'],
    ['unknown', { multipleOf: 2 }, { multipleOf: 3 }, 'breaking: x: multipleOf 3, was 2'],
  ])('that is %s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual([expected]);
  });
});

describe('the same values, written in another way, are no change:', () => {
  const text = { type: 'string' };
  const nothing = { type: 'null' };

  test.each<[string, JsonSchema, JsonSchema]>([
    ['a list of types', { type: ['string', 'null'] }, { anyOf: [text, nothing] }],
    ['another order', { anyOf: [nothing, text] }, { anyOf: [text, nothing] }],
    ['another keyword', { oneOf: [text, nothing] }, { anyOf: [text, nothing] }],
    [
      'a union within a union',
      { anyOf: [text, { anyOf: [nothing, { type: 'number' }] }] },
      { anyOf: [text, nothing, { type: 'number' }] },
    ],
    ['a constant', { const: 'a', type: 'string' }, { enum: ['a'], type: 'string' }],
    ['a constant without a type', { const: null }, { type: 'null', const: null }],
  ])('%s', (_, before, after) => {
    for (const io of ['input', 'output'] as const) {
      expect(changes(before, after, io)).toEqual([]);
      expect(changes(after, before, io)).toEqual([]);
    }
  });
});

describe('a change of', () => {
  test.each<[string, JsonSchema, JsonSchema, string[]]>([
    [
      'the default of a union',
      { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
      { anyOf: [{ type: 'string' }, { type: 'null' }], default: 'x' },
      ['compatible: x: default "x", was null'],
    ],
    [
      'the default to none',
      { type: 'string', default: 'x' },
      { type: 'string' },
      ['compatible: x: default none, was "x"'],
    ],
    [
      'several members',
      { enum: ['a', 'b', 'c'] },
      { enum: ['c', 'd', 'e'] },
      ['breaking: x: removed "a", "b"', 'compatible: x: added "d", "e"'],
    ],
    ['values to others', { enum: ['a'] }, { enum: [1] }, ['breaking: x: is number, was string']],
    ['a pattern', { pattern: 'a' }, { pattern: 'b' }, ['breaking: x: pattern "b", was "a"']],
    [
      'integers to numbers',
      { type: 'integer' },
      { type: 'number' },
      ['compatible: x: is number, was integer'],
    ],
    [
      'the type of two members of a union',
      { anyOf: [{ type: 'string' }, { type: 'number' }] },
      { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
      ['breaking: x: is boolean or null, was string or number'],
    ],
    [
      'one member of a union',
      { anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
      { anyOf: [{ type: 'string', maxLength: 8 }, { type: 'null' }] },
      ['breaking: x: maxLength 8, was 9'],
    ],
    [
      'additional fields to some',
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: { type: 'string' } },
      ['compatible: x: additionalProperties {"type":"string"}, was false'],
    ],
    [
      'additional fields to none',
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', additionalProperties: false },
      ['breaking: x: additionalProperties false, was {"type":"string"}'],
    ],
    [
      'the values of additional fields',
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', additionalProperties: { type: 'number' } },
      ['breaking: x.*: is number, was string'],
    ],
    [
      'the items of a list',
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'string', maxLength: 1 } },
      ['breaking: x[]: maxLength 1, was none'],
    ],
    [
      'a field of any value',
      { type: 'object', properties: { a: true } },
      { type: 'object', properties: { a: { type: 'string' } } },
      ['breaking: x.a: is string, was anything'],
    ],
    [
      'the type of superjson',
      { type: 'string', 'x-superjson': 'bigint' },
      { type: 'string', 'x-superjson': 'Date' },
      ['breaking: x: is Date, was bigint'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  test('a union to anything, or from it', () => {
    const union = { anyOf: [{ type: 'string' }, { type: 'number' }] };
    expect(changes(union, {})).toEqual(['compatible: x: is anything, was string or number']);
    expect(changes({}, union)).toEqual(['breaking: x: is string or number, was anything']);
    expect(changes(union, {}, 'output')).toEqual(['breaking: x: is anything, was string or number']);
    expect(changes({}, union, 'output')).toEqual(['compatible: x: is string or number, was anything']);
  });

  test('an output to one without additional fields, or from it', () => {
    const closed = { type: 'object', additionalProperties: false };
    const open = { type: 'object', additionalProperties: { type: 'string' } };
    expect(changes(open, closed, 'output')).toEqual([
      'compatible: x: additionalProperties false, was {"type":"string"}',
    ]);
    expect(changes(closed, open, 'output')).toEqual([
      'breaking: x: additionalProperties {"type":"string"}, was false',
    ]);
  });

  test('a field that becomes required, or optional, of an output', () => {
    const required = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const optional = { ...required, required: [] };
    expect(changes(optional, required, 'output')).toEqual(['compatible: x.a: is now required']);
    expect(changes(required, optional, 'output')).toEqual(['breaking: x.a: is now optional']);
  });

  test('a required field that is added to an output', () => {
    const object = { type: 'object', properties: {} };
    const more = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    expect(changes(object, more, 'output')).toEqual(['compatible: x.a: new field']);
    expect(changes(object, more, 'input')).toEqual(['breaking: x.a: new required field']);
  });
});

test('the changes of procedures are in the order of their paths', () => {
  const procedure: ProcedureContract = {
    type: 'query',
    sensitive: false,
    scope: null,
    user: null,
    form: false,
    rateLimit: 'light',
    input: null,
    output: {},
    errors: [],
  };
  const before = { 'b.b': procedure, 'a.b': procedure };
  const after = { 'c.c': procedure, 'a.a': procedure, 'b.b': { ...procedure, rateLimit: 'mail' } };
  expect(compareContracts(before, after)).toEqual([
    { path: 'a.a', message: 'new procedure', breaking: false },
    { path: 'a.b', message: 'removed procedure', breaking: true },
    { path: 'b.b', message: 'rate limit mail, was light', breaking: false },
    { path: 'c.c', message: 'new procedure', breaking: false },
  ]);
});
