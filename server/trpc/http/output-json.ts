import { hasImmutable, isImmutable } from '../../lib/immutable.ts';
import { isRecord } from '../../lib/is-record.ts';
import { serializeOutput } from '../serialize-output.ts';

/** An output as JSON texts. */
export type OutputJson = {
  json: string;
  /** superjson's `meta.values`: the types that JSON does not have, by path. Undefined if there are none. */
  values?: string;
};

/**
 * Serializes an output to superjson's JSON. The JSON of each immutable property is cached and reused for later outputs
 * that contain the same value.
 */
export function serializeOutputJson(output: unknown): string {
  const parts = serializeByProperty(output);
  if (!parts) return JSON.stringify(serializeOutput(output));
  const meta = parts.values === undefined ? '' : `,"meta":{"values":${parts.values},"v":1}`;
  return `{"json":${parts.json}${meta}}`;
}

/**
 * Serializes an output to be embedded in a larger value.
 *
 * @returns undefined if an object occurs in several places: superjson annotates that in the whole value
 */
export function serializeOutputParts(output: unknown): OutputJson | undefined {
  const parts = serializeByProperty(output);
  if (parts) return parts;
  const { json, meta } = serializeOutput(output);
  if (meta?.referentialEqualities) return undefined;
  return { json: JSON.stringify(json), ...(meta ? { values: JSON.stringify(meta.values) } : {}) };
}

/**
 * Returns undefined if nothing can be reused, or if an object occurs in several places: superjson annotates that in the
 * whole output.
 */
function serializeByProperty(output: unknown): OutputJson | undefined {
  if (!isRecord(output) || Array.isArray(output) || !hasImmutable(output)) return undefined;
  const entries = Object.entries(output);
  const immutable = entries.filter(([, value]) => isImmutable(value));
  if (new Set(immutable.map(([, value]) => value)).size < immutable.length) return undefined;

  const others = serializeOutput(Object.fromEntries(entries.filter(([, value]) => !isImmutable(value))));
  if (others.meta?.referentialEqualities) return undefined;
  const annotations = others.meta ? [withoutBraces(JSON.stringify(others.meta.values))] : [];
  const properties: string[] = [];
  for (const [key, value] of entries) {
    const part = isImmutable(value) ? partOf(key, value) : undefined;
    if (isImmutable(value) && !part) return undefined;
    if (part && part.annotations !== '') annotations.push(part.annotations);
    const json = part?.json ?? propertyJson(others.json, key);
    properties.push(`${JSON.stringify(key)}:${json}`);
  }
  const json = `{${properties.join(',')}}`;
  return annotations.length > 0 ? { json, values: `{${annotations.join(',')}}` } : { json };
}

type Part = {
  key: string;
  json: string;
  /** The members of superjson's `meta.values`, without the braces. */
  annotations: string;
};

const parts = new WeakMap<object, Part>();

/** Returns undefined if the value contains an object twice: superjson annotates that in the whole output. */
function partOf(key: string, value: object): Part | undefined {
  const known = parts.get(value);
  if (known?.key === key) return known;
  const { json, meta } = serializeOutput({ [key]: value });
  if (meta?.referentialEqualities) return undefined;
  const part = {
    key,
    json: propertyJson(json, key),
    annotations: meta ? withoutBraces(JSON.stringify(meta.values)) : '',
  };
  parts.set(value, part);
  return part;
}

function propertyJson(json: unknown, key: string): string {
  return JSON.stringify(isRecord(json) ? json[key] : undefined);
}

function withoutBraces(json: string): string {
  return json.slice(1, -1);
}
