import type { z } from 'zod';
import { isRecord } from '../lib/is-record.ts';

/**
 * Converts an output to plain JSON: dates become ISO 8601 strings, bigints decimal strings, sets arrays, and maps
 * arrays of pairs. Undefined fields are omitted.
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
 * Converts ISO 8601 strings to dates where the schema expects a date, because plain JSON has no dates. Other values
 * are unchanged, including those that the schema rejects.
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
  if (!isRecord(value)) return value;
  const changed = replaceAt(value[String(key)], rest, change);
  if (Array.isArray(value)) return value.with(Number(key), changed);
  return { ...value, [key]: changed };
}
