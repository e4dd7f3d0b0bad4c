import { z } from 'zod';
import { freezeDeep, hasImmutable, isImmutable } from '../../lib/immutable.ts';

/**
 * What a schema makes of a value, at once unless something in it is asynchronous.
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
  const keys = immutableKeys(schema, value);
  return keys.length > 0 && schema instanceof z.ZodObject
    ? validateByParts(schema, Object(value), keys)
    : schema.parse(value);
}

/** Where the properties of an object can be looked through one by one, those that never change. */
function immutableKeys(schema: z.ZodType, value: unknown): string[] {
  if (!(schema instanceof z.ZodObject) || schema.def.checks || schema.def.catchall) return [];
  if (typeof value !== 'object' || value === null || !hasImmutable(value)) return [];
  return Object.keys(schema.shape).filter((key) => isImmutable(Reflect.get(value, key)));
}

/** The settled properties are each looked through once; what became of one is settled as well. */
function validateByParts(schema: z.ZodObject, value: object, settled: readonly string[]): object {
  const others = without(schema, settled).parse(value);
  const result: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(schema.shape)) {
    if (settled.includes(key)) result[key] = validateOnce(part, Reflect.get(value, key));
    else if (Object.hasOwn(others, key)) result[key] = others[key];
  }
  return result;
}

const smallerSchemas = new WeakMap<z.ZodObject, Map<string, z.ZodObject>>();

function without(schema: z.ZodObject, keys: readonly string[]): z.ZodObject {
  const known = smallerSchemas.get(schema) ?? new Map<string, z.ZodObject>();
  smallerSchemas.set(schema, known);
  const kept = () => Object.entries(schema.shape).filter(([key]) => !keys.includes(key));
  const smaller = known.get(keys.join()) ?? z.object(Object.fromEntries(kept()));
  known.set(keys.join(), smaller);
  return smaller;
}

const checkedParts = new WeakMap<object, { by: z.core.$ZodType; result: unknown }>();

function validateOnce(schema: z.core.$ZodType, value: object): unknown {
  const known = checkedParts.get(value);
  if (known?.by === schema) return known.result;
  const parsed = z.parse(schema, value);
  const result = typeof parsed === 'object' && parsed !== null ? freezeDeep(parsed) : parsed;
  checkedParts.set(value, { by: schema, result });
  return result;
}
