import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compareContracts } from '#server/catalog/contract/compare.ts';
import {
  type Contract,
  contractOf,
  contractSchema,
  writeContract,
} from '#server/catalog/contract/contract.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import type { ProcedureMeta } from '#server/trpc/procedure-meta.ts';
import { readProcedures } from '#server/trpc/procedure-registry.ts';
import { uploadInput } from '#server/trpc/upload-input.ts';

const meta: ProcedureMeta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' };

type Part = {
  meta?: Partial<ProcedureMeta>;
  input?: z.ZodType;
  output?: z.ZodType;
  type?: 'query' | 'mutation';
};

/** Returns the contract of a router with one procedure, `a.b`, as parsed from a committed snapshot. */
function contract({
  meta: own = {},
  input = z.void(),
  output = z.object({}),
  type = 'query',
}: Part): Contract {
  // The registry requires an example. The comparison ignores it.
  const example = [{}, 'x', 1, { a: 'x' }, { a: 1 }, { a: 5 }, { a: [] }, { a: {} }, { a: 'x', b: 'x' }].find(
    (value) => input.safeParse(value).success,
  );
  const start = publicProcedure({ ...meta, ...own })
    .input(input instanceof z.ZodVoid || input === uploadInput ? input : input.meta({ examples: [example] }))
    .output(output);
  const procedure = type === 'query' ? start.query(() => ({})) : start.mutation(() => ({}));
  return roundTrip(contractOf(readProcedures(router({ a: router({ b: procedure }) })).values()));
}

function roundTrip(contract: Contract): Contract {
  return contractSchema.parse(JSON.parse(writeContract(contract)));
}

function changes(before: Part, after: Part): string[] {
  return compareContracts(contract(before), contract(after)).map(
    ({ path, breaking, message }) => `${path} ${breaking ? 'breaking' : 'compatible'}: ${message}`,
  );
}

const uploadOf = (mediaTypes: string[], maxBytes: number): Part => ({
  type: 'mutation',
  input: uploadInput,
  meta: { upload: { mediaTypes, maxBytes } },
});

describe('a procedure', () => {
  test('can be added compatibly, but not removed', () => {
    expect(compareContracts({}, contract({}))).toEqual([
      { path: 'a.b', breaking: false, message: 'new procedure' },
    ]);
    expect(compareContracts(contract({}), {})).toEqual([
      { path: 'a.b', breaking: true, message: 'removed procedure' },
    ]);
  });

  test.each<[string, Part, Part, string[]]>([
    ['nothing', {}, {}, []],
    ['texts', {}, { meta: { summary: 'other', description: 'other' } }, []],
    [
      'kind',
      {},
      { type: 'mutation' },
      ['breaking: is a mutation, was a query', 'compatible: can fail with cross_origin'],
    ],
    [
      'sensitivity added',
      {},
      { meta: { sensitive: true } },
      ['breaking: is now sensitive: only POST is allowed', 'compatible: can fail with cross_origin'],
    ],
    [
      'sensitivity dropped',
      { meta: { sensitive: true } },
      {},
      ['breaking: is no longer sensitive: GET is allowed', 'compatible: no longer fails with cross_origin'],
    ],
    [
      'scope added',
      {},
      { meta: { scope: 'mail' } },
      ['breaking: requires the scope mail', 'compatible: can fail with forbidden'],
    ],
    ['scope changed', { meta: { scope: 'a' } }, { meta: { scope: 'b' } }, ['breaking: requires the scope b']],
    [
      'scope dropped',
      { meta: { scope: 'a' } },
      {},
      ['compatible: no longer requires a scope', 'compatible: no longer fails with forbidden'],
    ],
    [
      'other files',
      uploadOf(['image/png', 'image/gif'], 100),
      uploadOf(['image/png', 'image/avif'], 99),
      [
        'breaking: no longer takes image/gif',
        'compatible: takes image/avif',
        'breaking: files of at most 99 bytes, were 100',
      ],
    ],
    [
      'larger files',
      uploadOf(['*/*'], 1),
      uploadOf(['*/*'], 2),
      ['compatible: files of at most 2 bytes, were 1'],
    ],
    ['form added', {}, { meta: { form: true } }, ['compatible: now accepts a form']],
    ['form dropped', { meta: { form: true } }, {}, ['breaking: no longer accepts a form']],
    ['class', {}, { meta: { rateLimit: 'mail' } }, ['compatible: rate limit mail, was light']],
    ['error', {}, { meta: { errors: ['not_found'] } }, ['compatible: can fail with not_found']],
    ['input added', {}, { input: z.strictObject({}) }, ['breaking: input: added']],
    ['input removed', { input: z.strictObject({}) }, {}, ['breaking: input: removed']],
  ])('%s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected.map((line) => `a.b ${line}`));
  });
});

/** Each change narrows the set of values; the reverse change widens it. */
const narrowings: [string, z.ZodType, z.ZodType, narrowed: string, widened: string][] = [
  ['enum member', z.enum(['x', 'y']), z.enum(['x']), 'removed "y"', 'added "y"'],
  ['literal', z.string(), z.literal('x'), 'now only "x"', 'now any value'],
  ['upper bound', z.int().max(16), z.int().max(10), 'maximum 10, was 16', 'maximum 16, was 10'],
  ['lower bound', z.int().min(1), z.int().min(2), 'minimum 2, was 1', 'minimum 1, was 2'],
  ['length', z.string(), z.string().max(9), 'maxLength 9, was none', 'maxLength none, was 9'],
  ['items', z.array(z.string()), z.array(z.string()).max(3), 'maxItems 3, was none', 'maxItems none, was 3'],
  ['pattern', z.string(), z.string().regex(/^x/), 'pattern "^x", was none', 'pattern none, was "^x"'],
  ['null', z.string().nullable(), z.string(), 'is no longer null', 'may also be null'],
  ['union member', z.union([z.string(), z.int()]), z.string(), 'is no longer number', 'may also be number'],
  ['anything', z.unknown(), z.string(), 'is string, was anything', 'is anything, was string'],
];

describe('an input', () => {
  const inputs = (before: z.ZodType, after: z.ZodType) =>
    changes({ input: z.strictObject({ a: before }) }, { input: z.strictObject({ a: after }) });

  test.each(narrowings)(
    'narrowed is breaking, widened is compatible: %s',
    (_, wide, narrow, narrowed, widened) => {
      expect(inputs(wide, narrow)).toEqual([`a.b breaking: input.a: ${narrowed}`]);
      expect(inputs(narrow, wide)).toEqual([`a.b compatible: input.a: ${widened}`]);
    },
  );

  test.each<[string, z.ZodType, z.ZodType, string[]]>([
    [
      'new required field',
      z.strictObject({}),
      z.strictObject({ a: z.string() }),
      ['breaking: input.a: new required field'],
    ],
    [
      'new optional field',
      z.strictObject({}),
      z.strictObject({ a: z.string().optional() }),
      ['compatible: input.a: new field'],
    ],
    [
      'new field with a default',
      z.strictObject({}),
      z.strictObject({ a: z.string().default('x') }),
      ['compatible: input.a: new field'],
    ],
    [
      'removed field',
      z.strictObject({ a: z.string().optional() }),
      z.strictObject({}),
      ['breaking: input.a: removed field'],
    ],
    [
      'now required',
      z.strictObject({ a: z.string().optional() }),
      z.strictObject({ a: z.string() }),
      ['breaking: input.a: is now required'],
    ],
    [
      'now optional',
      z.strictObject({ a: z.string() }),
      z.strictObject({ a: z.string().optional() }),
      ['compatible: input.a: is now optional'],
    ],
    [
      'another type',
      z.strictObject({ a: z.string() }),
      z.strictObject({ a: z.int() }),
      ['breaking: input.a: is number, was string'],
    ],
    [
      'no additional fields',
      z.looseObject({ a: z.string() }),
      z.strictObject({ a: z.string() }),
      ['breaking: input: additionalProperties false, was {}'],
    ],
    [
      'another default',
      z.strictObject({ a: z.int().default(7) }),
      z.strictObject({ a: z.int().default(5) }),
      ['compatible: input.a: default 5, was 7'],
    ],
    [
      'integers only',
      z.strictObject({ a: z.number().min(0).max(9) }),
      z.strictObject({ a: z.int().min(0).max(9) }),
      ['breaking: input.a: is integer, was number'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes({ input: before }, { input: after })).toEqual(expected.map((line) => `a.b ${line}`));
  });
});

describe('an output', () => {
  const outputs = (before: z.ZodType, after: z.ZodType) =>
    changes({ output: z.object({ a: before }) }, { output: z.object({ a: after }) });

  test.each(narrowings)(
    'widened is breaking, narrowed is compatible: %s',
    (_, wide, narrow, narrowed, widened) => {
      expect(outputs(narrow, wide)).toEqual([`a.b breaking: output.a: ${widened}`]);
      expect(outputs(wide, narrow)).toEqual([`a.b compatible: output.a: ${narrowed}`]);
    },
  );

  test.each<[string, z.ZodType, z.ZodType, string[]]>([
    ['new field', z.object({}), z.object({ a: z.string() }), ['compatible: output.a: new field']],
    ['removed field', z.object({ a: z.string() }), z.object({}), ['breaking: output.a: removed field']],
    [
      'now optional',
      z.object({ a: z.string() }),
      z.object({ a: z.string().optional() }),
      ['breaking: output.a: is now optional'],
    ],
    [
      'now required',
      z.object({ a: z.string().optional() }),
      z.object({ a: z.string() }),
      ['compatible: output.a: is now required'],
    ],
    [
      'a date instead of a string',
      z.object({ a: z.iso.datetime() }),
      z.object({ a: z.date() }),
      ['breaking: output.a: is Date, was string'],
    ],
    [
      'nested in an array',
      z.object({ a: z.array(z.object({ b: z.date() })) }),
      z.object({ a: z.array(z.object({ b: z.date().nullable() })) }),
      ['breaking: output.a[].b: may also be null'],
    ],
    [
      'in a nullable object',
      z.object({ b: z.string() }).nullable(),
      z.object({ b: z.int() }).nullable(),
      ['breaking: output.b: is number, was string'],
    ],
    [
      'values of a record',
      z.record(z.string(), z.string()),
      z.record(z.string(), z.int()),
      ['breaking: output.*: is number, was string'],
    ],
    [
      'keys of a record',
      z.partialRecord(z.enum(['x']), z.string()),
      z.partialRecord(z.enum(['x', 'y']), z.string()),
      ['breaking: output.(key): added "y"'],
    ],
    ['items of a set', z.set(z.string()), z.set(z.int()), ['breaking: output[]: is number, was string']],
    [
      'an unknown keyword',
      z.tuple([z.string()]),
      z.tuple([z.int()]),
      [expect.stringMatching(/breaking: output: prefixItems/)],
    ],
    [
      'a field with the name of a keyword',
      z.object({ title: z.string() }),
      z.object({}),
      ['breaking: output.title: removed field'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes({ output: before }, { output: after })).toEqual(
      expected.map((line) => (typeof line === 'string' ? `a.b ${line}` : line)),
    );
  });

  test('texts, examples and the order of fields are not part of the contract', () => {
    expect(
      changes(
        { output: z.object({ a: z.string().describe('one'), b: z.int() }) },
        { output: z.object({ b: z.int(), a: z.string().meta({ title: 't', examples: ['x'] }) }) },
      ),
    ).toEqual([]);
  });
});
