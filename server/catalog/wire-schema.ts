import type { JsonSchema } from '../lib/json-schema.ts';
import { isJsonSchema } from './is-json-schema.ts';

/** Schema of superjson's `meta`, which any wire value may contain. */
export const superjsonMeta = {
  type: 'object',
  description:
    'Lists the paths in json whose types JSON does not have. Absent if there are none. Pass the whole object to superjson.deserialize, or convert the values according to the schema.',
  properties: {
    values: {
      description:
        'Types by dotted path, such as {"sentAt":["Date"],"days.0":["Date"]}; ["Date"] if the whole value is a date.',
    },
    v: {
      type: 'integer',
      description: 'Version of the path notation. In version 1, dots within keys are escaped',
    },
  },
} as const satisfies JsonSchema;

/**
 * Returns the schema of a value's wire format, which is superjson's: `json` contains the value, and `meta` is present
 * if there are types that JSON does not have. In a response an optional field may also be null, if `meta` marks it as
 * undefined.
 *
 * @param value result of `toJsonSchema`
 * @param meta schema of `meta`, or a reference to it
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

/** Returns whether every value of the schema contains a type that JSON does not have. */
function needsMeta(schema: unknown): boolean {
  if (!isJsonSchema(schema)) return false;
  if ('x-superjson' in schema) return true;
  const { properties, required } = schema;
  if (!isJsonSchema(properties) || !Array.isArray(required)) return false;
  return required.some((name) => needsMeta(properties[String(name)]));
}

function withNullForUndefined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNullForUndefined);
  if (!isJsonSchema(schema)) return schema;
  const { properties, required = [] } = schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, withNullForUndefined(value)]),
  );
  if (!isJsonSchema(properties) || !Array.isArray(required)) return inner;
  return {
    ...inner,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => {
        const converted = withNullForUndefined(property);
        return [name, required.includes(name) || acceptsNull(converted) ? converted : orNull(converted)];
      }),
    ),
  };
}

function orNull(schema: unknown): JsonSchema {
  return { anyOf: [schema, { type: 'null', 'x-superjson': 'undefined' }] };
}

function acceptsNull(schema: unknown): boolean {
  if (!isJsonSchema(schema)) return true;
  if (Array.isArray(schema.anyOf)) return schema.anyOf.some(acceptsNull);
  return schema.type === 'null' || !('type' in schema || 'enum' in schema || 'const' in schema);
}
