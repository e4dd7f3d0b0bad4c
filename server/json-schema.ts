import { z } from 'zod';

/**
 * A zod schema as JSON Schema (draft 2020-12), dates as what they are in JSON: ISO 8601 strings. superjson's
 * `meta` marks them as dates on the wire.
 */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type !== 'date') return;
      jsonSchema.type = 'string';
      jsonSchema.format = 'date-time';
    },
  });
}

/** The first example that a schema's `.meta({ examples })` gives. */
export function exampleOf(schema: z.ZodType): unknown {
  const examples: unknown = z.globalRegistry.get(schema)?.examples;
  return Array.isArray(examples) ? examples[0] : undefined;
}
