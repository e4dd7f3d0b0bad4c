import { hasImmutable, isImmutable } from '../../lib/immutable.ts';
import { serializeOutput } from '../serialize-output.ts';

/**
 * The JSON of what superjson makes of an output. The settled properties of an object are each written once, and the next
 * answers that have them take what was written.
 */
export function serializeOutputJson(output: unknown): string {
  return textByParts(output) ?? JSON.stringify(serializeOutput(output));
}

/** Undefined where there is nothing to gain, or something that can only be told by the whole. */
function textByParts(output: unknown): string | undefined {
  if (typeof output !== 'object' || output === null || !hasImmutable(output)) return undefined;
  const entries: [string, unknown][] = Object.entries(output);
  const settled = entries.filter(([, value]) => isImmutable(value));
  if (new Set(settled.map(([, value]) => value)).size < settled.length) return undefined;

  const others = serializeOutput(Object.fromEntries(entries.filter(([, value]) => !isImmutable(value))));
  if (others.meta?.referentialEqualities) return undefined;
  const annotations = others.meta ? [inner(JSON.stringify(others.meta.values))] : [];
  const properties: string[] = [];
  for (const [key, value] of entries) {
    const part = isImmutable(value) ? partOf(key, value) : undefined;
    if (isImmutable(value) && !part) return undefined;
    if (part && part.annotations !== '') annotations.push(part.annotations);
    const json = part?.json ?? JSON.stringify(Reflect.get(Object(others.json), key));
    properties.push(`${JSON.stringify(key)}:${json}`);
  }
  const meta = annotations.length > 0 ? `,"meta":{"values":{${annotations.join(',')}},"v":1}` : '';
  return `{"json":{${properties.join(',')}}${meta}}`;
}

type Part = {
  key: string;
  json: string;
  /** The members of superjson's object of annotations. */
  annotations: string;
};

const parts = new WeakMap<object, Part>();

/** Undefined when something in it stands in two places, which is told by the whole. */
function partOf(key: string, value: object): Part | undefined {
  const known = parts.get(value);
  if (known?.key === key) return known;
  const { json, meta } = serializeOutput({ [key]: value });
  if (meta?.referentialEqualities) return undefined;
  const part = {
    key,
    json: JSON.stringify(Reflect.get(Object(json), key)),
    annotations: meta ? inner(JSON.stringify(meta.values)) : '',
  };
  parts.set(value, part);
  return part;
}

/** What stands between the braces of an object. */
function inner(json: string): string {
  return json.slice(1, -1);
}
