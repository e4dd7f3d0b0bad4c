import superjson, { type SuperJSONResult } from 'superjson';

/** The format of an input: plain JSON, or superjson for values that JSON does not have. */
export type InputFormat = 'json' | 'superjson';

/** Returns the text of an example for the input field, as plain JSON if possible. */
export function textOfExample(wire: SuperJSONResult): { format: InputFormat; text: string } {
  return wire.meta
    ? { format: 'superjson', text: JSON.stringify(wire, null, 2) }
    : { format: 'json', text: JSON.stringify(wire.json, null, 2) };
}

/** Parses the text of the input field. An empty text means undefined. */
export function readInput(text: string, format: InputFormat): { value: unknown } | { problem: string } {
  if (text.trim() === '') return { value: undefined };
  try {
    const parsed: unknown = JSON.parse(text);
    if (format === 'json') return { value: parsed };
    return isWire(parsed)
      ? { value: superjson.deserialize(parsed) }
      : { problem: 'A superjson value is an object with `json` and `meta`.' };
  } catch (error) {
    return { problem: `Invalid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isWire(value: unknown): value is SuperJSONResult {
  return typeof value === 'object' && value !== null && 'json' in value;
}
