import superjson, { type SuperJSONResult } from 'superjson';

/** As superjson writes it, but that its dates may still be dates. */
export type Serialized = { json: unknown; meta?: SuperJSONResult['meta'] };

type DateAnnotations = Record<string, ['Date']>;

/** Keys that superjson escapes in a path, or refuses, and the empty one, which would look like the whole. */
const specialKey = /[.\\]|^(?:|__proto__|constructor|prototype)$/;

/**
 * What superjson makes of an output, ready for `JSON.stringify`. Most outputs are plain objects, arrays and dates:
 * those are looked through once and not copied, because JSON writes a date as superjson does.
 * Anything else is left to superjson.
 */
export function serializeOutput(output: unknown): Serialized {
  const dates: DateAnnotations = {};
  const isPlain = !(output instanceof Date) && findDates(output, '', dates, new Set());
  if (!isPlain) return superjson.serialize(output);
  return hasKeys(dates) ? { json: output, meta: { values: dates, v: 1 } } : { json: output };
}

/**
 * Collects the paths of all dates.
 *
 * @param path of the value; empty for the whole
 * @returns false when there is something that superjson alone can tell, such as one object in two places
 */
function findDates(value: unknown, path: string, dates: DateAnnotations, seen: Set<object>): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (seen.has(value)) return false;
  seen.add(value);
  if (value instanceof Date) {
    dates[path] = ['Date'];
    return !Number.isNaN(value.getTime());
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    for (let index = 0; index < items.length; index += 1) {
      if (!findDates(items[index], join(path, index), dates, seen)) return false;
    }
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key of Object.keys(value)) {
    if (specialKey.test(key)) return false;
    const item: unknown = Reflect.get(value, key);
    if (!findDates(item, join(path, key), dates, seen)) return false;
  }
  return true;
}

function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasKeys(record: object): boolean {
  for (const _ in record) return true;
  return false;
}
