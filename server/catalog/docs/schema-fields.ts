import type { JsonSchema } from '../../lib/json-schema.ts';
import { isJsonSchema } from '../is-json-schema.ts';

/** A field of a schema, described for readers. */
export type SchemaField = {
  /**
   * Path such as `daily[].sunrise`. `[]` is each item of a list, `*` any key, and the empty path is the value itself.
   */
  path: string;
  /** For example `number | null`, `Date` or `list of string`. */
  type: string;
  /** True if the field may be omitted. */
  optional: boolean;
  description: string | null;
  /** Bounds, format and default, each in a few words. */
  notes: readonly string[];
};

/** Returns all fields of a schema, parents before their children. The alternatives of a union are not expanded. */
export function fieldsOf(schema: JsonSchema): SchemaField[] {
  return fieldsAt(schema, { path: '', optional: false });
}

function fieldsAt(schema: JsonSchema, place: { path: string; optional: boolean }): SchemaField[] {
  const { path, optional } = place;
  const field = {
    path,
    optional,
    type: typeOf(schema),
    description: typeof schema.description === 'string' ? schema.description : null,
    notes: notesOf(schema),
  };
  return [field, ...childrenOf(withoutNull(schema), path)];
}

function childrenOf(schema: JsonSchema, path: string): SchemaField[] {
  if (isJsonSchema(schema.items) && schema['x-superjson'] === undefined) {
    const item = withoutNull(schema.items);
    // The type already describes a list of plain values.
    return isContainer(item) ? childrenOf(item, `${path}[]`) : [];
  }
  const { properties, required, additionalProperties } = schema;
  const names = Array.isArray(required) ? required : [];
  const declared = Object.entries(isJsonSchema(properties) ? properties : {}).flatMap(([name, property]) =>
    isJsonSchema(property)
      ? fieldsAt(property, { path: join(path, name), optional: !names.includes(name) })
      : [],
  );
  const others =
    isJsonSchema(additionalProperties) && Object.keys(additionalProperties).length > 0
      ? fieldsAt(additionalProperties, { path: join(path, '*'), optional: false })
      : [];
  return [...declared, ...others];
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Formats a type in a notation similar to TypeScript. */
function typeOf(schema: JsonSchema): string {
  const marked = schema['x-superjson'];
  if (marked === 'set' && isJsonSchema(schema.items)) return `Set of ${typeOf(schema.items)}`;
  if (marked === 'map') return 'Map';
  if (typeof marked === 'string') return marked;
  const parts = alternativesOf(schema);
  if (parts) return [...new Set(parts.map(typeOf))].join(' | ');
  if (Array.isArray(schema.enum)) return schema.enum.map((choice) => JSON.stringify(choice)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'array') return isJsonSchema(schema.items) ? `list of ${typeOf(schema.items)}` : 'list';
  return typeof schema.type === 'string' ? schema.type : 'anything';
}

function notesOf(schema: JsonSchema): string[] {
  const { default: standard, examples: _, ...rest } = schema;
  const inner = withoutNull(rest);
  const range = (least: unknown, most: unknown, unit: string) => {
    if (bound(least) && bound(most)) return [`${least} to ${most}${unit}`];
    if (bound(least)) return [`at least ${least}${unit}`];
    return bound(most) ? [`at most ${most}${unit}`] : [];
  };
  return [
    ...range(inner.minimum, inner.maximum, ''),
    ...range(inner.minLength, inner.maxLength, ' characters'),
    ...range(inner.minItems, inner.maxItems, ' items'),
    ...(inner.format === 'email' ? ['an email address'] : []),
    ...(standard === undefined ? [] : [`default ${JSON.stringify(standard)}`]),
  ];
}

/** Ignores the bounds of safe integers, which every integer schema has. */
function bound(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

/** Returns the non-null schema of a nullable type, or else the schema itself. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const parts = alternativesOf(schema)?.filter(({ type }) => type !== 'null') ?? [];
  const [only, ...more] = parts;
  return only && more.length === 0 ? only : schema;
}

function alternativesOf(schema: JsonSchema): JsonSchema[] | undefined {
  const parts = schema.anyOf ?? schema.oneOf;
  return Array.isArray(parts) ? parts.filter(isJsonSchema) : undefined;
}

function isContainer(schema: JsonSchema): boolean {
  return (
    isJsonSchema(schema.properties) || isJsonSchema(schema.items) || isJsonSchema(schema.additionalProperties)
  );
}
