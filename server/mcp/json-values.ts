import type { z } from 'zod';

/**
 * An output as plain JSON: dates are ISO 8601 strings, bigints decimal strings, sets arrays, maps arrays of pairs,
 * and what is undefined is left out.
 */
export function toPlainJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return String(item);
    if (item instanceof Set) return [...item];
    if (item instanceof Map) return [...item];
    return item;
  });
  return text === undefined ? null : JSON.parse(text);
}

const isoDate = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads ISO 8601 strings as dates, where a schema wants a date: plain JSON has none. Everything else is left as
 * it is, also what the schema will refuse.
 */
export function withDates(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return input;
  return parsed.error.issues
    .filter((issue) => issue.code === 'invalid_type' && issue.expected === 'date')
    .reduce<unknown>((value, { path }) => replaceAt(value, path, toDate), input);
}

function toDate(value: unknown): unknown {
  return typeof value === 'string' && isoDate.test(value) ? new Date(value) : value;
}

function replaceAt(
  value: unknown,
  [key, ...rest]: readonly PropertyKey[],
  change: (value: unknown) => unknown,
): unknown {
  if (key === undefined) return change(value);
  if (typeof value !== 'object' || value === null) return value;
  const changed = replaceAt(Reflect.get(value, key), rest, change);
  if (Array.isArray(value)) return value.with(Number(key), changed);
  return { ...value, [key]: changed };
}
