import type { JsonSchema } from '../lib/json-schema.ts';

/** superjson's `meta`, which every wire form may carry. */
export const superjsonMeta = {
  type: 'object',
  description:
    'Names the places below json whose type JSON cannot say. Absent when there are none. Pass the whole object to superjson.deserialize, or read the places by the schema.',
  properties: {
    values: {
      description:
        'Types by the dotted path of their place, such as {"sentAt":["Date"],"days.0":["Date"]}; ["Date"] for the value as a whole.',
    },
    v: {
      type: 'integer',
      description: "Version of the notation of the paths: 1 lets a dot of a key's own be escaped",
    },
  },
} as const satisfies JsonSchema;

/**
 * The form in which a value travels, superjson's: the value under `json`, and `meta` where there is a type that JSON
 * cannot say. In an answer a field that is optional may also come as null, which `meta` then marks as undefined.
 *
 * @param value as `toJsonSchema` gives it
 * @param meta in place of its schema, a reference to where that stands
 */
export function wireSchema(
  value: JsonSchema,
  io: 'input' | 'output',
  meta: JsonSchema = superjsonMeta,
): JsonSchema {
  const { $schema, ...json } = value;
  return {
    ...($schema === undefined ? {} : { $schema }),
    type: 'object',
    properties: { json: io === 'output' ? withNullForUndefined(json) : json, meta },
    required: needsMeta(json) ? ['json', 'meta'] : ['json'],
  };
}

/** Whether every value of this schema holds a type that JSON cannot say. */
function needsMeta(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  if ('x-superjson' in schema) return true;
  const { properties, required } = schema;
  if (!isObject(properties) || !Array.isArray(required)) return false;
  return required.some((name) => needsMeta(properties[String(name)]));
}

function withNullForUndefined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNullForUndefined);
  if (!isObject(schema)) return schema;
  const { properties, required = [] } = schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, withNullForUndefined(value)]),
  );
  if (!isObject(properties) || !Array.isArray(required)) return inner;
  return {
    ...inner,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => {
        const written = withNullForUndefined(property);
        return [name, required.includes(name) || takesNull(written) ? written : orNull(written)];
      }),
    ),
  };
}

function orNull(schema: unknown): JsonSchema {
  return { anyOf: [schema, { type: 'null', 'x-superjson': 'undefined' }] };
}

function takesNull(schema: unknown): boolean {
  if (!isObject(schema)) return true;
  if (Array.isArray(schema.anyOf)) return schema.anyOf.some(takesNull);
  return schema.type === 'null' || !('type' in schema || 'enum' in schema || 'const' in schema);
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
