import type { SuperJSONResult } from 'superjson';

/** The format of an input: plain JSON, or superjson for values that JSON does not have. */
export type InputFormat = 'json' | 'superjson';

/** Returns the text of an example for the input field, as plain JSON if possible. */
export function textOfExample(wire: SuperJSONResult): { format: InputFormat; text: string } {
  return wire.meta
    ? { format: 'superjson', text: JSON.stringify(wire, null, 2) }
    : { format: 'json', text: JSON.stringify(wire.json, null, 2) };
}
