import { isRecord } from '../lib/is-record.ts';
import type { JsonSchema } from '../lib/json-schema.ts';

/** Returns whether the value of a JSON Schema keyword is a schema or an object of schemas, not a list or a boolean. */
export function isJsonSchema(value: unknown): value is JsonSchema {
  return isRecord(value) && !Array.isArray(value);
}
