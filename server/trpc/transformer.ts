import superjson, { type SuperJSONResult } from 'superjson';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { serializeOutput } from './serialize-output.ts';

/**
 * superjson as it may come from outside. Its metadata is a small program that the sender writes: a typed array
 * of a length that is only named, or references that double with each level, make gigabytes of a few bytes. So
 * only the plain annotations are taken, nesting is bounded, and references are not followed: the values stand
 * in the JSON anyway, unless the sender left them out.
 */
const annotations = new Set([
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

/** @throws AppError `invalid_input` */
export function deserializeInput(wire: unknown): unknown {
  const parsed = wireSchema.safeParse(wire);
  if (!parsed.success) throw refusal('The input must be an object with json and, if needed, meta.');
  const { json, meta } = parsed.data;
  requireShallow(json, limits.inputDepth);
  if (!meta) return json;
  requireShallow(meta, limits.inputDepth);
  requireKnownAnnotations(meta.values);
  requirePresent(json, meta.referentialEqualities);
  const { values, v } = meta;
  try {
    // Nobody else has what was read off the wire, so it needs no copy.
    const own = { json, meta: { values, ...(v === undefined ? {} : { v }) } };
    return superjson.deserialize(own, { inPlace: true });
  } catch (cause) {
    throw refusal('The input cannot be read.', cause);
  }
}

/** Bounded itself: it goes no deeper than it allows. */
function requireShallow(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw refusal(`The input is nested deeper than ${limits.inputDepth} levels.`);
  for (const item of Object.values(value)) requireShallow(item, depth - 1);
}

/** A tree whose leaves are `[annotation]` and whose branches are objects or `[annotation, children]`. */
function requireKnownAnnotations(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) {
    for (const child of Object.values(node)) requireKnownAnnotations(child);
    return;
  }
  const [annotation, children]: unknown[] = node;
  if (typeof annotation !== 'string' || !annotations.has(annotation)) {
    throw refusal('The input has a type that is not taken here.');
  }
  requireKnownAnnotations(children);
}

/**
 * That every place which is said to equal another holds its value: senders that leave it out, and circles, cannot
 * be taken.
 */
function requirePresent(json: unknown, equalities: unknown): void {
  for (const path of equalPaths(equalities)) {
    if (valueAt(json, path) === null) throw refusal('The input refers to itself.');
  }
}

/** All places that are said to equal another: `{ path: [equal, …] }`, or `[[equal to the whole, …], { … }]`. */
function equalPaths(equalities: unknown): string[] {
  const parts = Array.isArray(equalities) ? equalities : [equalities];
  return parts.flatMap((part: unknown) => {
    if (typeof part !== 'object' || part === null) return [];
    return Object.values(part).flat().map(String);
  });
}

/** Null where nothing is. */
function valueAt(json: unknown, path: string): unknown {
  let value = json;
  for (const escaped of path.split(/(?<!\\)\./)) {
    const key = escaped.replace(/\\(.)/g, '$1');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = Reflect.get(value, key);
  }
  return value;
}

function refusal(message: string, cause?: unknown): AppError {
  return new AppError('invalid_input', { fieldErrors: { input: [message] }, cause });
}

/** One transformer on every side; on this one it is careful with what comes in. */
export const transformer = {
  input: { serialize: superjson.serialize, deserialize: deserializeInput },
  output: { serialize: serializeOutput, deserialize: superjson.deserialize },
};
