import { z } from 'zod';
import { freezeDeep, hasImmutable, isImmutable } from '../../lib/immutable.ts';
import { isRecord } from '../../lib/is-record.ts';

/**
 * Validates a value and returns the parsed result, or a promise of it if the schema is asynchronous. The results of
 * immutable properties are kept and reused.
 *
 * @throws ZodError
 */
export function validate(schema: z.ZodType, value: unknown): unknown {
  try {
    return validateSync(schema, value);
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return schema.parseAsync(value);
    throw error;
  }
}

function validateSync(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || !isRecord(value)) return schema.parse(value);
  const keys = immutableKeys(schema, value);
  return keys.length > 0 ? validateByProperty(schema, value, keys) : schema.parse(value);
}

/** Returns the immutable properties of an object, or none if its properties cannot be validated separately. */
function immutableKeys(schema: z.ZodObject, value: Readonly<Record<string, unknown>>): string[] {
  if (schema.def.checks || schema.def.catchall || !hasImmutable(value)) return [];
  return Object.keys(schema.shape).filter((key) => isImmutable(value[key]));
}

/** Validates each immutable property once. The result of such a property is immutable, too. */
function validateByProperty(
  schema: z.ZodObject,
  value: Readonly<Record<string, unknown>>,
  immutable: readonly string[],
): object {
  const others = without(schema, immutable).parse(value);
  const result: Record<string, unknown> = {};
  for (const [key, propertySchema] of Object.entries(schema.shape)) {
    const property = value[key];
    if (isImmutable(property)) result[key] = validateOnce(propertySchema, property);
    else if (Object.hasOwn(others, key)) result[key] = others[key];
  }
  return result;
}

const smallerSchemas = new WeakMap<z.ZodObject, Map<string, z.ZodObject>>();

function without(schema: z.ZodObject, keys: readonly string[]): z.ZodObject {
  const known = smallerSchemas.get(schema) ?? new Map<string, z.ZodObject>();
  smallerSchemas.set(schema, known);
  const remaining = () => Object.entries(schema.shape).filter(([key]) => !keys.includes(key));
  const smaller = known.get(keys.join()) ?? z.object(Object.fromEntries(remaining()));
  known.set(keys.join(), smaller);
  return smaller;
}

/** The latest result of each immutable value. */
const results = new WeakMap<object, { schema: z.core.$ZodType; result: unknown }>();

function validateOnce(schema: z.core.$ZodType, value: object): unknown {
  const known = results.get(value);
  if (known?.schema === schema) return known.result;
  const parsed = z.parse(schema, value);
  const result = typeof parsed === 'object' && parsed !== null ? freezeDeep(parsed) : parsed;
  results.set(value, { schema, result });
  return result;
}
