import superjson, { type SuperJSONResult } from 'superjson';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { isRecord } from '../lib/is-record.ts';
import { serializeOutput } from './serialize-output.ts';
import { AnnotationError, checkAnnotations, forbiddenKeys } from './superjson-annotations.ts';

type Meta = NonNullable<SuperJSONResult['meta']>;

/** Paths that are equal to the root, and to other paths. */
const equalPathsSchema = z.record(z.string(), z.array(z.string()));
const equalitiesSchema = z.union([
  equalPathsSchema,
  z.tuple([z.array(z.string())]),
  z.tuple([z.array(z.string()), equalPathsSchema]),
]);

const wireSchema = z.strictObject({
  json: z.custom<SuperJSONResult['json']>(() => true).optional(),
  meta: z
    .object({
      values: z.custom<Meta['values']>(() => true).optional(),
      referentialEqualities: equalitiesSchema.optional(),
      v: z.number().optional(),
    })
    .optional(),
});

const notWrapped =
  'The input must have json and, if needed, meta: wrap the input in "json", as in {"json": {"name": "value"}}.';

/**
 * Deserializes superjson from a caller. Its metadata is checked first. References are not followed, because references
 * that double at each level turn a few bytes into gigabytes; the JSON contains the referenced values anyway, unless the
 * sender left them out.
 *
 * @throws AppError `invalid_input`
 */
export function deserializeInput(input: unknown): unknown {
  const parsed = wireSchema.safeParse(input);
  // An object without keys is no input.
  if (!parsed.success || (parsed.data.meta && !('json' in parsed.data))) {
    const isMetadata = parsed.error?.issues.some(({ path }) => path[0] === 'meta') ?? false;
    throw invalidInput(isMetadata ? 'The metadata is invalid.' : notWrapped);
  }
  const { json, meta } = parsed.data;
  requirePlain(json, limits.inputDepth);
  if (!meta) return json;
  requirePlain(meta, limits.inputDepth);
  if (meta.referentialEqualities) requirePresent(json, meta.referentialEqualities);
  const { values, v = 0 } = meta;
  if (values === undefined) return json;
  try {
    checkAnnotations(json, values, { version: v, maxAnnotations: limits.inputAnnotations });
    // The parsed JSON is used only here, so it can be changed in place.
    return superjson.deserialize({ json, meta: { values, v } }, { inPlace: true });
  } catch (cause) {
    const message = cause instanceof AnnotationError ? cause.message : 'The input cannot be deserialized.';
    throw invalidInput(message, cause);
  }
}

/**
 * Rejects deeper nesting, and keys that superjson cannot serialize because they could change prototypes. The recursion
 * itself is bounded by `depth`.
 */
function requirePlain(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw invalidInput(`The input is nested deeper than ${limits.inputDepth} levels.`);
  if (Array.isArray(value)) {
    for (const item of value) requirePlain(item, depth - 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (forbiddenKeys.has(key))
      throw invalidInput(`The input contains the key ${key}, which is not accepted.`);
    requirePlain(item, depth - 1);
  }
}

/**
 * Rejects references to values that the JSON does not contain: circular ones, and those that the sender left out
 * because they are equal to another.
 */
function requirePresent(json: unknown, equalities: z.infer<typeof equalitiesSchema>): void {
  for (const path of equalPaths(equalities)) {
    if (valueAt(json, path) === null)
      throw invalidInput('The input contains a reference to a missing value.');
  }
}

/** Returns the paths of all references: `{ path: [equal, …] }`, or `[[equal to the whole, …], { … }]`. */
function equalPaths(equalities: z.infer<typeof equalitiesSchema>): string[] {
  const parts = Array.isArray(equalities) ? equalities : [equalities];
  return parts.flatMap((part) => Object.values(part).flat());
}

/** Returns null if there is no value at the path. */
function valueAt(json: unknown, path: string): unknown {
  let value = json;
  for (const escaped of path.split(/(?<!\\)\./)) {
    const key = escaped.replace(/\\(.)/g, '$1');
    if (!isRecord(value) || !Object.hasOwn(value, key)) return null;
    value = value[key];
  }
  return value;
}

function invalidInput(message: string, cause?: unknown): AppError {
  return new AppError('invalid_input', { fieldErrors: { input: [message] }, cause });
}

/** The server's transformer: superjson as on the clients, with restrictions on the input. */
export const transformer = {
  input: { serialize: superjson.serialize, deserialize: deserializeInput },
  output: { serialize: serializeOutput, deserialize: superjson.deserialize },
};
