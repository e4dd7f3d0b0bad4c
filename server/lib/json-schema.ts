import { z } from 'zod';
import { isRecord } from './is-record.ts';

export type JsonSchema = { [keyword: string]: unknown };

/**
 * Types that JSON does not have, by zod's name, with the name that superjson's `meta` gives them. A schema describes
 * their JSON form and adds the name as the keyword `x-superjson`.
 */
const superjsonTypes = {
  date: 'Date',
  bigint: 'bigint',
  set: 'set',
  map: 'map',
  undefined: 'undefined',
  void: 'undefined',
} as const;

/**
 * Converts a zod schema to JSON Schema (draft 2020-12) of the value's JSON form: a date is an ISO 8601 string, a bigint
 * a string of digits, a set an array, a map an array of pairs. Each has `x-superjson`, the type's name in superjson's
 * `meta`. A tRPC client restores the type itself.
 *
 * Objects of an output allow additional properties, so that a new field breaks no client.
 */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
      if (def.type === 'record') listProperties(jsonSchema);
      if (!isSuperjsonType(def.type)) return;
      Object.assign(jsonSchema, jsonFormOf(zodSchema, io), { 'x-superjson': superjsonTypes[def.type] });
    },
  });
}

/** Lists the properties of a record whose keys are known, so that generated types have them. */
function listProperties(schema: JsonSchema): void {
  const { additionalProperties, required } = schema;
  if (!Array.isArray(required)) return;
  schema.properties = Object.fromEntries(required.map((name) => [String(name), additionalProperties]));
  delete schema.propertyNames;
  delete schema.additionalProperties;
}

function isSuperjsonType(type: string): type is keyof typeof superjsonTypes {
  return Object.hasOwn(superjsonTypes, type);
}

function jsonFormOf(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const schemaOf = (inner: z.core.$ZodType) => {
    const { $schema, ...rest } = inner instanceof z.ZodType ? toJsonSchema(inner, io) : {};
    return rest;
  };
  if (schema instanceof z.ZodDate) return { type: 'string', format: 'date-time' };
  if (schema instanceof z.ZodBigInt) return { type: 'string', pattern: '^-?\\d+$' };
  if (schema instanceof z.ZodSet) return { type: 'array', items: schemaOf(schema._zod.def.valueType) };
  if (schema instanceof z.ZodMap) {
    const pair = [schemaOf(schema._zod.def.keyType), schemaOf(schema._zod.def.valueType)];
    return { type: 'array', items: { type: 'array', prefixItems: pair, minItems: 2, maxItems: 2 } };
  }
  return { type: 'null' };
}

/** Returns the examples of a schema's `.meta({ examples })`. */
export function examplesOf(schema: z.ZodType): readonly unknown[] {
  const examples: unknown = z.globalRegistry.get(schema)?.examples;
  return Array.isArray(examples) ? examples : [];
}

/** Keywords whose values are not schemas. */
const valueKeywords = new Set(['const', 'default', 'enum', 'examples']);

/**
 * Yields the path of every object in an input schema that accepts unknown fields and drops them: a misspelt field would
 * get lost without an error.
 */
export function* lenientObjects(schema: unknown, path: string): Generator<string> {
  if (!isRecord(schema)) return;
  const { properties, ...keywords } = schema;
  if (isRecord(properties)) {
    if (!('additionalProperties' in schema)) yield path;
    for (const [name, field] of Object.entries(properties)) yield* lenientObjects(field, `${path}.${name}`);
  }
  for (const [keyword, value] of Object.entries(keywords)) {
    if (!valueKeywords.has(keyword)) yield* lenientObjects(value, path);
  }
}
