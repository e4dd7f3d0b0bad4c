import { z } from 'zod';

/** More of them tell nothing new. */
const shown = 5;

/** What a schema found wrong, in the schema's words alone: zod's own message would quote what was sent. */
export function describeIssues(schema: z.ZodType, error: z.ZodError): string {
  const places = error.issues.slice(0, shown).map(({ code, path }) => `${code} at ${placeOf(schema, path)}`);
  return `${error.issues.length} issues: ${places.join(', ')}`;
}

/** A path as far as the schema names it: list items are [], and keys that it does not name are *. */
function placeOf(schema: z.ZodType, path: readonly PropertyKey[]): string {
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
  return names.length === 0 ? 'the whole' : names.join('.');
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.out) : schema;
}
