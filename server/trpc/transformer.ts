import superjson, { type SuperJSONResult } from 'superjson';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { isRecord } from '../lib/is-record.ts';
import { serializeOutput } from './serialize-output.ts';

/**
 * The accepted type annotations. superjson's metadata comes from the sender and is executed like a small program: a
 * typed array of a given length, or references that double at each level, turn a few bytes into gigabytes. Therefore
 * other annotations are rejected, nesting is limited, and references are not followed. The JSON contains the referenced
 * values anyway, unless the sender left them out.
 */
const acceptedAnnotations = new Set([
  'undefined',
  'bigint',
  'Date',
  'Error',
  'regexp',
  'set',
  'map',
  'number',
  'URL',
]);

type Meta = NonNullable<SuperJSONResult['meta']>;

const wireSchema = z.object({
  json: z.custom<SuperJSONResult['json']>(() => true).optional(),
  meta: z
    .object({
      values: z.custom<Meta['values']>(() => true).optional(),
      referentialEqualities: z.unknown().optional(),
      v: z.number().optional(),
    })
    .optional(),
});

/**
 * Deserializes superjson from a caller.
 *
 * @throws AppError `invalid_input`
 */
export function deserializeInput(input: unknown): unknown {
  const parsed = wireSchema.safeParse(input);
  if (!parsed.success) throw invalidInput('The input must be an object with json and, if needed, meta.');
  const { json, meta } = parsed.data;
  requireShallow(json, limits.inputDepth);
  if (!meta) return json;
  requireShallow(meta, limits.inputDepth);
  requireKnownAnnotations(meta.values);
  requirePresent(json, meta.referentialEqualities);
  const { values, v } = meta;
  try {
    // The parsed JSON is used only here, so it can be changed in place.
    const wire = { json, meta: { values, ...(v === undefined ? {} : { v }) } };
    return superjson.deserialize(wire, { inPlace: true });
  } catch (cause) {
    throw invalidInput('The input cannot be deserialized.', cause);
  }
}

/** Rejects deeper nesting. The recursion itself is bounded by `depth`. */
function requireShallow(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw invalidInput(`The input is nested deeper than ${limits.inputDepth} levels.`);
  for (const item of Object.values(value)) requireShallow(item, depth - 1);
}

/** Checks superjson's tree: its leaves are `[annotation]`, its branches are objects or `[annotation, children]`. */
function requireKnownAnnotations(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) {
    for (const child of Object.values(node)) requireKnownAnnotations(child);
    return;
  }
  const [annotation, children]: unknown[] = node;
  if (typeof annotation !== 'string' || !acceptedAnnotations.has(annotation)) {
    throw invalidInput('The input contains a type that is not accepted.');
  }
  requireKnownAnnotations(children);
}

/**
 * Rejects references to values that the JSON does not contain: circular ones, and those that the sender left out
 * because they are equal to another.
 */
function requirePresent(json: unknown, equalities: unknown): void {
  for (const path of equalPaths(equalities)) {
    if (valueAt(json, path) === null)
      throw invalidInput('The input contains a reference to a missing value.');
  }
}

/** Returns the paths of all references: `{ path: [equal, …] }`, or `[[equal to the whole, …], { … }]`. */
function equalPaths(equalities: unknown): string[] {
  const parts = Array.isArray(equalities) ? equalities : [equalities];
  return parts.flatMap((part: unknown) => {
    return isRecord(part) ? Object.values(part).flat().map(String) : [];
  });
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
