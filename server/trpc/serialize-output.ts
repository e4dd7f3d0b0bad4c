import superjson, { type SuperJSONResult } from 'superjson';

export type Serialized = { json: unknown; meta?: SuperJSONResult['meta'] };

/** Keys that superjson escapes in a path or rejects, and the empty key, whose path would mean the whole output. */
const specialKey = /[.\\]|^(?:|__proto__|constructor|prototype)$/;

/** Marks a value that requires superjson, such as an object that is referenced twice. */
const needsSuperjson = Symbol('needs superjson');

/**
 * Returns the same result as superjson. Outputs of plain objects, arrays and dates, which most are, take a faster path
 * that copies only the objects and arrays that contain a date. All others go to superjson.
 */
export function serializeOutput(output: unknown): Serialized {
  const writer = new DateWriter();
  const json = output instanceof Date ? needsSuperjson : writer.write(output, '');
  if (json === needsSuperjson) return superjson.serialize(output);
  return hasKeys(writer.dates) ? { json, meta: { values: writer.dates, v: 1 } } : { json };
}

/** Replaces dates by strings, because a single Date makes `JSON.stringify` several times slower for the whole value. */
class DateWriter {
  /** Superjson's annotations of the dates found so far, by path. */
  readonly dates: Record<string, ['Date']> = {};
  readonly #seen = new Set<object>();

  /**
   * @param path of the value; empty for the whole output
   * @returns the value itself if it contains no date, a copy with strings if it does, or `needsSuperjson`
   */
  write(value: unknown, path: string): unknown {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0) ? value : needsSuperjson;
    if (typeof value !== 'object' || this.#seen.has(value)) return needsSuperjson;
    this.#seen.add(value);
    if (value instanceof Date) return this.#date(value, path);
    if (Array.isArray(value)) return this.#list(value, path);
    return isPlainObject(value) ? this.#object(value, path) : needsSuperjson;
  }

  #date(date: Date, path: string): unknown {
    if (Number.isNaN(date.getTime())) return needsSuperjson;
    this.dates[path] = ['Date'];
    return date.toISOString();
  }

  #list(items: readonly unknown[], path: string): unknown {
    let copy: unknown[] | undefined;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      const written = this.write(item, join(path, index));
      if (written === needsSuperjson) return needsSuperjson;
      if (written === item) continue;
      copy ??= [...items];
      copy[index] = written;
    }
    return copy ?? items;
  }

  #object(value: Readonly<Record<string, unknown>>, path: string): unknown {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      if (specialKey.test(key)) return needsSuperjson;
      const item = value[key];
      const written = this.write(item, join(path, key));
      if (written === needsSuperjson) return needsSuperjson;
      if (written === item) continue;
      copy ??= { ...value };
      copy[key] = written;
    }
    return copy ?? value;
  }
}

function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasKeys(record: object): boolean {
  for (const _ in record) return true;
  return false;
}
