import type { JsonSchema } from '../../lib/json-schema.ts';

/** One place of a value, as a reader of its schema wants to know it. */
export type SchemaField = {
  /** Where it is, such as `daily[].sunrise`, with `[]` for each item of a list and `*` for any key; '' for the value itself. */
  path: string;
  /** Such as `number | null`, `Date` or `list of string`. */
  type: string;
  /** May be left out. */
  optional: boolean;
  description: string | null;
  /** Bounds, choices and the default, each in a few words. */
  notes: readonly string[];
};

/** Every place of a value, its containers before what is in them. What a union may be is told, not taken apart. */
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
  if (isSchema(schema.items) && schema['x-superjson'] === undefined) {
    const item = withoutNull(schema.items);
    // A list of plain values is told by its type.
    return isContainer(item) ? childrenOf(item, `${path}[]`) : [];
  }
  const { properties, required, additionalProperties } = schema;
  const names = Array.isArray(required) ? required : [];
  const declared = Object.entries(isSchema(properties) ? properties : {}).flatMap(([name, property]) =>
    isSchema(property) ? fieldsAt(property, { path: join(path, name), optional: !names.includes(name) }) : [],
  );
  const others =
    isSchema(additionalProperties) && Object.keys(additionalProperties).length > 0
      ? fieldsAt(additionalProperties, { path: join(path, '*'), optional: false })
      : [];
  return [...declared, ...others];
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A type in words and signs that readers of TypeScript know. */
export function typeOf(schema: JsonSchema): string {
  const marked = schema['x-superjson'];
  if (marked === 'set' && isSchema(schema.items)) return `Set of ${typeOf(schema.items)}`;
  if (marked === 'map') return 'Map';
  if (typeof marked === 'string') return marked;
  const parts = alternativesOf(schema);
  if (parts) return [...new Set(parts.map(typeOf))].join(' | ');
  if (Array.isArray(schema.enum)) return schema.enum.map((choice) => JSON.stringify(choice)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  if (schema.type === 'array') return isSchema(schema.items) ? `list of ${typeOf(schema.items)}` : 'list';
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

/** Integers carry the bounds of what JavaScript counts exactly, which tell a reader nothing. */
function bound(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

/** The one schema of something that may also be null; any other as it is. */
function withoutNull(schema: JsonSchema): JsonSchema {
  const parts = alternativesOf(schema)?.filter(({ type }) => type !== 'null') ?? [];
  const [only, ...more] = parts;
  return only && more.length === 0 ? only : schema;
}

function alternativesOf(schema: JsonSchema): JsonSchema[] | undefined {
  const parts = schema.anyOf ?? schema.oneOf;
  return Array.isArray(parts) ? parts.filter(isSchema) : undefined;
}

function isContainer(schema: JsonSchema): boolean {
  return isSchema(schema.properties) || isSchema(schema.items) || isSchema(schema.additionalProperties);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
