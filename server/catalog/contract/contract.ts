import { z } from 'zod';
import { type JsonSchema, toJsonSchema } from '../../lib/json-schema.ts';
import { type ProcedureEntry, takesInput } from '../../trpc/procedure-registry.ts';
import { possibleErrors } from '../possible-errors.ts';

const schema: z.ZodType<JsonSchema> = z.record(z.string(), z.unknown());

export const procedureContract = z.object({
  type: z.enum(['query', 'mutation']),
  sensitive: z.boolean(),
  scope: z.string().nullable(),
  form: z.boolean(),
  rateLimit: z.string(),
  /** null for one that takes nothing. */
  input: schema.nullable(),
  output: schema,
  /** Reasons that it can be refused or fail for. */
  errors: z.array(z.string()),
});

/** What callers of a procedure rely on, without what is only told to readers. */
export type ProcedureContract = z.infer<typeof procedureContract>;

export const contractSchema = z.record(z.string(), procedureContract);

/** What all callers rely on, by the procedures' paths. */
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
    form: meta.form ?? false,
    rateLimit: meta.rateLimit,
    input: takesInput(entry.input) ? bare(toJsonSchema(entry.input, 'input')) : null,
    output: bare(toJsonSchema(entry.output, 'output')),
    errors: possibleErrors(entry).map(({ reason }) => reason),
  };
}

const forReaders = new Set(['$schema', 'description', 'examples', 'title']);

/** The schema without its words. A field may bear the name of a keyword: those below `properties` all stay. */
function bare(written: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(written)
      .filter(([keyword]) => !forReaders.has(keyword))
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

export function isJsonSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of the snapshot: keys in order, so that it changes only where the contract does. */
export function writeContract(contract: Contract): string {
  return `${JSON.stringify(ordered(contract), null, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isJsonSchema(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, ordered(value[key])]));
}
