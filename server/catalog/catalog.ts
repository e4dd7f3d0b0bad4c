import superjson, { type SuperJSONResult } from 'superjson';
import { limits } from '../config/limits.ts';
import type { RateLimits } from '../config/rate-limits.ts';
import { type JsonSchema, toJsonSchema } from '../lib/json-schema.ts';
import { allowedMethodsOf } from '../trpc/allowed-methods.ts';
import type { RateLimitClass } from '../trpc/procedure-meta.ts';
import { type ProcedureEntry, procedures, takesInput } from '../trpc/procedure-registry.ts';
import { type PossibleError, possibleErrors } from './possible-errors.ts';
import { wireSchema } from './wire-schema.ts';

/** A type in the two forms it has. */
export type Schemas = {
  /** The value itself, as typed callers have it; `x-superjson` marks what JSON cannot say, such as a Date. */
  value: JsonSchema;
  /** What travels: superjson's `{ json, meta? }`. */
  wire: JsonSchema;
};

/** An input as typed callers write it, and as it travels. */
export type Example = { value: unknown; wire: SuperJSONResult };

/** How much may be called. Sizes in bytes. */
export type CallLimits = {
  rateLimit: { class: RateLimitClass; points: number; windowSeconds: number };
  /** Of a JSON body, that of a whole batch. */
  jsonBodyBytes: number;
  /** Of a multipart body; null where no form is taken. */
  formBodyBytes: number | null;
  /** Of the URL's query, with the input in it; null where GET is not taken. */
  queryBytes: number | null;
  /** Calls in one request. */
  batchSize: number;
};

/** Everything there is to know of a procedure, as data: what each form of the documentation is written from. */
export type CatalogEntry = {
  /** `namespace.name` */
  path: string;
  type: 'query' | 'mutation';
  /** GET first, where it is taken. */
  methods: readonly ('GET' | 'POST')[];
  summary: string;
  description: string;
  /** Carries personal data: by POST alone. */
  sensitive: boolean;
  /** What a service key must be allowed to; null where anyone may call. */
  scope: string | null;
  /** null for a procedure that takes nothing. */
  input: Schemas | null;
  output: Schemas;
  examples: readonly Example[];
  errors: readonly PossibleError[];
  limits: CallLimits;
};

/**
 * Every procedure of the product, in the router's order.
 *
 * @param rateLimits those in force here: `env.RATE_LIMITS`
 */
export function catalog(rateLimits: RateLimits): readonly CatalogEntry[] {
  return [...procedures.values()].map((entry) => describeProcedure(entry, rateLimits));
}

/** One procedure as data. */
export function describeProcedure(entry: ProcedureEntry, rateLimits: RateLimits): CatalogEntry {
  const { path, type, meta, examples } = entry;
  return {
    path,
    type,
    methods: allowedMethodsOf(entry),
    summary: meta.summary,
    description: meta.description,
    sensitive: meta.sensitive,
    scope: meta.scope ?? null,
    ...schemasOf(entry),
    examples: examples.map((value) => ({ value, wire: superjson.serialize(value) })),
    errors: possibleErrors(entry),
    limits: limitsOf(entry, rateLimits),
  };
}

const written = new WeakMap<ProcedureEntry, Pick<CatalogEntry, 'input' | 'output'>>();

/** Written once for each procedure: they are the same for the life of the process. */
function schemasOf(entry: ProcedureEntry): Pick<CatalogEntry, 'input' | 'output'> {
  const known = written.get(entry);
  if (known) return known;
  const both = (io: 'input' | 'output') => {
    const value = toJsonSchema(entry[io], io);
    return { value, wire: wireSchema(value, io) };
  };
  const schemas = { input: takesInput(entry.input) ? both('input') : null, output: both('output') };
  written.set(entry, schemas);
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
