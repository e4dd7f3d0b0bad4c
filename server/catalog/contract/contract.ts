import { z } from 'zod';
import { type JsonSchema, toJsonSchema } from '../../lib/json-schema.ts';
import { type ProcedureEntry, takesInput } from '../../trpc/procedure-registry.ts';
import { isJsonSchema } from '../is-json-schema.ts';
import { possibleErrors } from '../possible-errors.ts';

const schema: z.ZodType<JsonSchema> = z.record(z.string(), z.unknown());

const procedureContract = z.object({
  type: z.enum(['query', 'mutation', 'subscription']),
  sensitive: z.boolean(),
  scope: z.string().nullable(),
  /** What the user must have; null if no user is required. */
  user: z.record(z.string(), z.unknown()).nullable().default(null),
  form: z.boolean(),
  /** The files that it takes instead of JSON. */
  upload: z.object({ mediaTypes: z.array(z.string()), maxBytes: z.int() }).exactOptional(),
  rateLimit: z.string(),
  /** Null for a procedure without input. */
  input: schema.nullable(),
  output: schema,
  /** Possible error reasons. */
  errors: z.array(z.string()),
});

/** The part of a procedure that callers rely on, without texts for readers. */
export type ProcedureContract = z.infer<typeof procedureContract>;

export const contractSchema = z.record(z.string(), procedureContract);

/** The contracts of all procedures, keyed by path. */
export type Contract = z.infer<typeof contractSchema>;

export function contractOf(procedures: Iterable<ProcedureEntry>): Contract {
  return Object.fromEntries([...procedures].map((entry) => [entry.path, contractOfOne(entry)]));
}

function contractOfOne(entry: ProcedureEntry): ProcedureContract {
  const { type, meta } = entry;
  return {
    type,
    sensitive: meta.sensitive,
    scope: meta.scope ?? null,
    user: meta.user ? { ...meta.user } : null,
    form: meta.form ?? false,
    rateLimit: meta.rateLimit,
    ...(meta.upload ? { upload: { ...meta.upload, mediaTypes: [...meta.upload.mediaTypes] } } : {}),
    input: takesInput(entry.input) && !meta.upload ? bare(toJsonSchema(entry.input, 'input')) : null,
    output: bare(toJsonSchema(entry.output, 'output')),
    errors: possibleErrors(entry).map(({ reason }) => reason),
  };
}

const documentationKeywords = new Set(['$schema', 'description', 'examples', 'title']);

/**
 * Removes the documentation from a schema. A field may have the name of a keyword, so all fields below `properties`
 * stay.
 */
function bare(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !documentationKeywords.has(keyword))
      .map(([keyword, value]) => [keyword, keyword === 'properties' ? fieldsOf(value) : bareValue(value)]),
  );
}

function fieldsOf(properties: unknown): unknown {
  if (!isJsonSchema(properties)) return properties;
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, bareValue(field)]));
}

function bareValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bareValue);
  return isJsonSchema(value) ? bare(value) : value;
}

/** Returns the text of the snapshot. Keys are sorted, so that it changes only with the contract. */
export function writeContract(contract: Contract): string {
  return `${JSON.stringify(ordered(contract), null, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isJsonSchema(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, ordered(value[key])]));
}
