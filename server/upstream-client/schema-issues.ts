import { z } from 'zod';

/** Maximum number of issues that are listed. */
const maxListed = 5;

/** Describes validation issues with words of the schema only. Zod's own messages can quote the input. */
export function describeIssues(schema: z.ZodType, error: z.ZodError): string {
  const locations = error.issues
    .slice(0, maxListed)
    .map(({ code, path }) => `${code} at ${locationOf(schema, path)}`);
  return `${error.issues.length} issues: ${locations.join(', ')}`;
}

/** Returns a path in which array items are `[]` and keys that the schema does not name are `*`. */
function locationOf(schema: z.ZodType, path: readonly PropertyKey[]): string {
  let current: unknown = schema;
  const names = path.map((key) => {
    const inner = unwrapped(current);
    if (inner instanceof z.ZodObject && typeof key === 'string' && Object.hasOwn(inner.shape, key)) {
      current = inner.shape[key];
      return key;
    }
    if (inner instanceof z.ZodArray) {
      current = inner.element;
      return '[]';
    }
    current = inner instanceof z.ZodRecord ? inner.valueType : undefined;
    return '*';
  });
  return names.length === 0 ? 'the root' : names.join('.');
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.out) : schema;
}
