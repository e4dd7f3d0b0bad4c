import superjson, { type SuperJSONResult } from 'superjson';
import { limits } from '../config/limits.ts';
import type { RateLimitClass, RateLimits } from '../config/rate-limits.ts';
import { type JsonSchema, toJsonSchema } from '../lib/json-schema.ts';
import type { UserRequirement } from '../principal.ts';
import { allowedMethodsOf } from '../trpc/allowed-methods.ts';
import { type ProcedureEntry, procedures, takesInput } from '../trpc/procedure-registry.ts';
import { type PossibleError, possibleErrors } from './possible-errors.ts';
import { wireSchema } from './wire-schema.ts';

/** The two JSON schemas of a type. */
export type Schemas = {
  /** The value of typed callers. `x-superjson` marks types that JSON does not have, such as Date. */
  value: JsonSchema;
  /** The wire format: superjson's `{ json, meta? }`. */
  wire: JsonSchema;
};

/** An input as a typed value and in the wire format. */
type Example = { value: unknown; wire: SuperJSONResult };

/** Limits of calls. Sizes in bytes. */
type CallLimits = {
  rateLimit: { class: RateLimitClass; points: number; windowSeconds: number };
  /** Maximum JSON body of a request, including a batch. */
  jsonBodyBytes: number;
  /** Maximum multipart body. Null if the procedure does not accept forms. */
  formBodyBytes: number | null;
  /** Maximum length of the URL's query, which contains the input. Null if GET is not allowed. */
  queryBytes: number | null;
  /** Maximum number of calls in one request. */
  batchSize: number;
};

/** Description of a procedure as data, from which all documentation is generated. */
export type CatalogEntry = {
  /** `namespace.name` */
  path: string;
  type: 'query' | 'mutation' | 'subscription';
  /** GET comes first if it is allowed. */
  methods: readonly ('GET' | 'POST')[];
  summary: string;
  description: string;
  /** No URL, log or cache may contain the input or the output, so only POST is allowed. */
  sensitive: boolean;
  /** The output has the input as `res`. */
  returnsInput: boolean;
  /** Required scope of a service key. Null if anyone may call. */
  scope: string | null;
  /** What the signed-in user must have. Null if no user is required. */
  user: UserRequirement | null;
  /** Null for a procedure without input, and for one that takes a file. */
  input: Schemas | null;
  /** The files that the procedure takes instead of JSON. Null for every other procedure. */
  upload: { mediaTypes: readonly string[]; maxBytes: number } | null;
  output: Schemas;
  /** Fields of the input that only the form of a page of this site sends. */
  formFields: readonly string[];
  examples: readonly Example[];
  errors: readonly PossibleError[];
  limits: CallLimits;
};

/**
 * Returns all procedures of the product in the order of the router.
 *
 * @param rateLimits the configured limits, `env.RATE_LIMITS`
 */
export function catalog(rateLimits: RateLimits): readonly CatalogEntry[] {
  return [...procedures.values()].map((entry) => describeProcedure(entry, rateLimits));
}

/** Describes one procedure as data. */
export function describeProcedure(entry: ProcedureEntry, rateLimits: RateLimits): CatalogEntry {
  const { path, type, meta, examples } = entry;
  return {
    path,
    type,
    methods: allowedMethodsOf(entry),
    summary: meta.summary,
    description: meta.description,
    sensitive: meta.sensitive,
    returnsInput: meta.returnsInput === true,
    scope: meta.scope ?? null,
    user: meta.user ?? null,
    ...schemasOf(entry),
    upload: meta.upload ?? null,
    formFields: meta.formFields ?? [],
    examples: examples.map((value) => ({ value, wire: superjson.serialize(value) })),
    errors: possibleErrors(entry),
    limits: limitsOf(entry, rateLimits),
  };
}

const schemaCache = new WeakMap<ProcedureEntry, Pick<CatalogEntry, 'input' | 'output'>>();

/** Generates the schemas once per procedure, because they do not change within a process. */
function schemasOf(entry: ProcedureEntry): Pick<CatalogEntry, 'input' | 'output'> {
  const cached = schemaCache.get(entry);
  if (cached) return cached;
  const both = (io: 'input' | 'output') => {
    const value = toJsonSchema(entry[io], io);
    return { value, wire: wireSchema(value, io) };
  };
  const hasSchema = takesInput(entry.input) && !entry.meta.upload;
  const schemas = { input: hasSchema ? both('input') : null, output: both('output') };
  schemaCache.set(entry, schemas);
  return schemas;
}

function limitsOf(entry: ProcedureEntry, rateLimits: RateLimits): CallLimits {
  const { rateLimit, form = false } = entry.meta;
  return {
    rateLimit: { class: rateLimit, ...rateLimits[rateLimit] },
    jsonBodyBytes: limits.jsonBodyBytes,
    formBodyBytes: form ? limits.formBodyBytes : null,
    queryBytes: allowedMethodsOf(entry).includes('GET') ? limits.queryBytes : null,
    batchSize: limits.batchSize,
  };
}
