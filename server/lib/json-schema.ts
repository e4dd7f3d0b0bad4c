import { z } from 'zod';

export type JsonSchema = { [keyword: string]: unknown };

/**
 * What JSON cannot say and superjson marks in `meta`, by zod's name of the type. In a schema the mark is the keyword
 * `x-superjson`, beside the form that the value has in JSON.
 */
export const superjsonTypes = {
  date: 'Date',
  bigint: 'bigint',
  set: 'set',
  map: 'map',
  undefined: 'undefined',
  void: 'undefined',
} as const;

/**
 * A zod schema as JSON Schema (draft 2020-12), in the form that the value has in JSON: a date is an ISO 8601 string,
 * a bigint a string of digits, a set an array, a map an array of pairs. Each carries `x-superjson`, the name by which
 * superjson's `meta` marks it; who reads by a tRPC client gets the type itself.
 *
 * Objects of an output are open: a field that is added later breaks nobody.
 */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
      if (!isSuperjsonType(def.type)) return;
      Object.assign(jsonSchema, jsonFormOf(zodSchema, io), { 'x-superjson': superjsonTypes[def.type] });
    },
  });
}

function isSuperjsonType(type: string): type is keyof typeof superjsonTypes {
  return Object.hasOwn(superjsonTypes, type);
}

function jsonFormOf(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const part = (inner: z.core.$ZodType) => {
    const { $schema, ...rest } = inner instanceof z.ZodType ? toJsonSchema(inner, io) : {};
    return rest;
  };
  if (schema instanceof z.ZodDate) return { type: 'string', format: 'date-time' };
  if (schema instanceof z.ZodBigInt) return { type: 'string', pattern: '^-?\\d+$' };
  if (schema instanceof z.ZodSet) return { type: 'array', items: part(schema._zod.def.valueType) };
  if (schema instanceof z.ZodMap) {
    const pair = [part(schema._zod.def.keyType), part(schema._zod.def.valueType)];
    return { type: 'array', items: { type: 'array', prefixItems: pair, minItems: 2, maxItems: 2 } };
  }
  return { type: 'null' };
}

/** The examples that a schema's `.meta({ examples })` gives, in its own order. */
export function examplesOf(schema: z.ZodType): readonly unknown[] {
  const examples: unknown = z.globalRegistry.get(schema)?.examples;
  return Array.isArray(examples) ? examples : [];
}
