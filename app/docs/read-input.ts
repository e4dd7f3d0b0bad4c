import superjson, { type SuperJSONResult } from 'superjson';
import type { InputFormat } from './try-input.ts';

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
