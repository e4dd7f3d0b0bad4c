import superjson, { type SuperJSONResult } from 'superjson';

/** A form of input: plain JSON, or superjson's own for values that JSON does not have. */
export type InputForm = 'json' | 'superjson';

/** An example as it is put into the form: plain where it can be. */
export function textOfExample(wire: SuperJSONResult): { form: InputForm; text: string } {
  return wire.meta
    ? { form: 'superjson', text: JSON.stringify(wire, null, 2) }
    : { form: 'json', text: JSON.stringify(wire.json, null, 2) };
}

/** The value that a text stands for, or what is wrong with the text. Nothing stands for undefined. */
export function readInput(text: string, form: InputForm): { value: unknown } | { problem: string } {
  if (text.trim() === '') return { value: undefined };
  try {
    const parsed: unknown = JSON.parse(text);
    if (form === 'json') return { value: parsed };
    return isWire(parsed)
      ? { value: superjson.deserialize(parsed) }
      : { problem: "superjson's form is an object with json and meta." };
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isWire(value: unknown): value is SuperJSONResult {
  return typeof value === 'object' && value !== null && 'json' in value;
}
