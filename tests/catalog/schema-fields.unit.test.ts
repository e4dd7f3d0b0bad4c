import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldsOf } from '#server/catalog/docs/schema-fields.ts';
import { toJsonSchema } from '#server/lib/json-schema.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

const linesOf = (schema: z.ZodType, io: 'input' | 'output' = 'input') =>
  fieldsOf(toJsonSchema(schema, io)).map(({ path, type, optional, notes, description }) =>
    [`${path}${optional ? '?' : ''}: ${type}`, ...notes, ...(description === null ? [] : [description])].join(
      '; ',
    ),
  );

describe('the fields of a schema', () => {
  test('have bounds, choices and defaults', () => {
    const schema = z.object({
      lat: z.number().min(-90).max(90).describe('Latitude'),
      days: z.int().min(1).default(7),
      units: z.enum(['metric', 'imperial']).optional(),
      name: z.string().max(100),
      mail: z.email(),
      tags: z.array(z.string()).min(1),
    });
    expect(linesOf(schema)).toEqual([
      ': object',
      'lat: number; -90 to 90; Latitude',
      'days?: integer; at least 1; default 7',
      'units?: "metric" | "imperial"',
      'name: string; at most 100 characters',
      'mail: string; an email address',
      'tags: list of string; at least 1 items',
    ]);
  });

  test('include those of objects, arrays, records and nullable types', () => {
    const point = z.object({ time: z.date(), value: z.number().nullable() });
    const schema = z.object({
      now: point.nullable(),
      list: z.array(point),
      counts: z.record(z.string(), z.int()),
    });
    expect(linesOf(schema, 'output')).toEqual([
      ': object',
      'now: object | null',
      'now.time: Date',
      'now.value: number | null',
      'list: list of object',
      'list[].time: Date',
      'list[].value: number | null',
      'counts: object',
      'counts.*: integer',
    ]);
  });

  test('have the types of typed callers', () => {
    const schema = z.object({ a: z.bigint(), b: z.set(z.string()), c: z.map(z.string(), z.date()) });
    expect(linesOf(schema)).toEqual([': object', 'a: bigint', 'b: Set of string', 'c: Map']);
    expect(linesOf(z.array(point()), 'output')).toEqual([': list of object', '[].x: number']);
    expect(linesOf(z.unknown())).toEqual([': anything']);
    expect(linesOf(z.literal(true))).toEqual([': true']);
  });

  test('of every procedure have unique paths and a type', () => {
    for (const { path, input, output } of procedures.values()) {
      for (const schema of [toJsonSchema(input, 'input'), toJsonSchema(output, 'output')]) {
        const fields = fieldsOf(schema);
        expect(new Set(fields.map((field) => field.path)).size, path).toBe(fields.length);
        for (const { type } of fields) expect(type, path).not.toBe('');
      }
    }
  });
});

const point = () => z.object({ x: z.number() });
