import superjson, { type SuperJSONResult } from 'superjson';

export type Serialized = { json: unknown; meta?: SuperJSONResult['meta'] };

/** Keys that superjson escapes in a path, or refuses, and the empty one, which would look like the whole. */
const specialKey = /[.\\]|^(?:|__proto__|constructor|prototype)$/;

/** Stands for what superjson alone can write, such as one object in two places. */
const unusual = Symbol('unusual');

/**
 * What superjson makes of an output. Most outputs are plain objects, arrays and dates: of those only what holds a date
 * is copied. Anything else is left to superjson.
 */
export function serializeOutput(output: unknown): Serialized {
  const writer = new DateWriter();
  const json = output instanceof Date ? unusual : writer.write(output, '');
  if (json === unusual) return superjson.serialize(output);
  return hasKeys(writer.dates) ? { json, meta: { values: writer.dates, v: 1 } } : { json };
}

/** Writes dates by itself: a value takes `JSON.stringify` several times as long as soon as there is one in it. */
class DateWriter {
  /** The paths of all dates so far. */
  readonly dates: Record<string, ['Date']> = {};
  readonly #seen = new Set<object>();

  /**
   * @param path of the value; empty for the whole
   * @returns the value itself when it holds no date, or `unusual`
   */
  write(value: unknown, path: string): unknown {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : unusual;
    if (typeof value !== 'object' || this.#seen.has(value)) return unusual;
    this.#seen.add(value);
    if (value instanceof Date) return this.#date(value, path);
    if (Array.isArray(value)) return this.#list(value, path);
    return isPlainObject(value) ? this.#object(value, path) : unusual;
  }

  #date(date: Date, path: string): unknown {
    if (Number.isNaN(date.getTime())) return unusual;
    this.dates[path] = ['Date'];
    return date.toISOString();
  }

  #list(items: readonly unknown[], path: string): unknown {
    let copy: unknown[] | undefined;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      const written = this.write(item, join(path, index));
      if (written === unusual) return unusual;
      if (written === item) continue;
      copy ??= [...items];
      copy[index] = written;
    }
    return copy ?? items;
  }

  #object(value: object, path: string): unknown {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(value)) {
      if (specialKey.test(key)) return unusual;
      const item: unknown = Reflect.get(value, key);
      const written = this.write(item, join(path, key));
      if (written === unusual) return unusual;
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

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasKeys(record: object): boolean {
  for (const _ in record) return true;
  return false;
}
