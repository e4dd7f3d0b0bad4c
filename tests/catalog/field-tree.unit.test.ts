import { expect, test } from 'vitest';
import { z } from 'zod';
import { type FieldNode, fieldTreeOf } from '#server/catalog/docs/field-tree.ts';
import { fieldsOf } from '#server/catalog/docs/schema-fields.ts';
import { toJsonSchema } from '#server/lib/json-schema.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

type Outline = { [name: string]: Outline };

const outlineOf = (nodes: readonly FieldNode[]): Outline =>
  Object.fromEntries(nodes.map(({ name, children }) => [name, outlineOf(children)]));
const treeOf = (schema: z.ZodType) => fieldTreeOf(fieldsOf(toJsonSchema(schema, 'output')).slice(1));
const countOf = (nodes: readonly FieldNode[]): number =>
  nodes.reduce((count, { children }) => count + 1 + countOf(children), 0);

test('the fields of objects, lists and records are below their field, with their own name', () => {
  const point = z.object({ x: z.number(), y: z.number() });
  const schema = z.object({
    now: point,
    nowhere: z.string(),
    list: z.array(z.object({ at: point, name: z.string() })),
    rows: z.array(z.array(point)),
    counts: z.record(z.string(), z.int()),
  });
  expect(outlineOf(treeOf(schema))).toEqual({
    now: { x: {}, y: {} },
    nowhere: {},
    list: { at: { x: {}, y: {} }, name: {} },
    rows: { x: {}, y: {} },
    counts: { '*': {} },
  });
});

test('the items of a list have their own names', () => {
  expect(outlineOf(treeOf(z.array(z.object({ name: z.string() }))))).toEqual({ name: {} });
});

test('every field of every procedure is in its tree once', () => {
  for (const { path, input, output } of procedures.values()) {
    for (const schema of [toJsonSchema(input, 'input'), toJsonSchema(output, 'output')]) {
      const [, ...fields] = fieldsOf(schema);
      expect(countOf(fieldTreeOf(fields)), path).toBe(fields.length);
    }
  }
});
