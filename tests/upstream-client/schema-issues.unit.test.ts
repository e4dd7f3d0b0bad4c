import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssues } from '#server/upstream-client/schema-issues.ts';

function issuesOf(schema: z.ZodType, value: unknown): string {
  const { error } = schema.safeParse(value);
  if (!error) throw new Error('the value is valid');
  return describeIssues(schema, error);
}

const inner = z.object({ count: z.int() });
const schema = z.object({
  list: z.array(inner),
  maybe: inner.optional(),
  nullable: inner.nullable(),
  standard: inner.default({ count: 0 }),
  byName: z.record(z.string(), inner),
  piped: z.preprocess((value) => value, inner),
});
const right = { count: 1 };
const wrong = { count: 'many' };
const valid = {
  list: [right],
  maybe: right,
  nullable: right,
  standard: right,
  byName: { secret: right },
  piped: right,
};

describe('an issue is described by its code and its place in the schema', () => {
  test.each<[string, object, string]>([
    ['an item of a list', { list: [right, wrong] }, 'list.[].count'],
    ['an optional object', { maybe: wrong }, 'maybe.count'],
    ['a nullable object', { nullable: wrong }, 'nullable.count'],
    ['an object with a default', { standard: wrong }, 'standard.count'],
    ['a value of a record, without its key', { byName: { secret: wrong } }, 'byName.*.count'],
    ['an object after a conversion', { piped: wrong }, 'piped.count'],
  ])('in %s', (_, change, place) => {
    expect(issuesOf(schema, { ...valid, ...change })).toBe(`1 issues: invalid_type at ${place}`);
  });

  test('of the whole value', () => {
    expect(issuesOf(schema, 'secret')).toBe('1 issues: invalid_type at the root');
  });
});

test('a key that the schema does not name is not repeated', () => {
  const tuple = z.tuple([z.string(), z.object({ secret: z.string() })]);
  expect(issuesOf(tuple, ['a', { secret: 1 }])).toBe('1 issues: invalid_type at *.*');
});

test('of many issues the first five are described, and all are counted', () => {
  const value = Array.from({ length: 7 }, () => 'many');
  expect(issuesOf(z.array(z.int()), value)).toBe(
    `7 issues: ${Array.from({ length: 5 }, () => 'invalid_type at []').join(', ')}`,
  );
});
