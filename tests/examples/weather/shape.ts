import { isRecord } from '#server/lib/is-record.ts';
import { at } from '#tests/upstreams/at.ts';

/** @throws Error if the value is not an array of strings */
export function stringsAt(value: unknown, ...path: readonly string[]): string[] {
  return arrayAt(value, ...path).map((item) => {
    if (typeof item !== 'string') throw new Error(`${path.join('.')} contains a ${typeof item}`);
    return item;
  });
}

/** @throws Error if the value is not an array of numbers */
export function numbersAt(value: unknown, ...path: readonly string[]): number[] {
  return arrayAt(value, ...path).map((item) => {
    if (typeof item !== 'number') throw new Error(`${path.join('.')} contains a ${typeof item}`);
    return item;
  });
}

/**
 * Reduces a value to its shape and keeps the order of keys: dates and times become their pattern, other strings and
 * numbers their type, arrays the set of their elements' shapes.
 */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
  if (typeof value === 'string') {
    return /^\d{4}-\d\d-\d\d/.test(value) ? value.replace(/\d/g, '9') : 'string';
  }
  if (!isRecord(value)) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

function arrayAt(value: unknown, ...path: readonly string[]): unknown[] {
  const array = at(value, ...path);
  if (!Array.isArray(array)) throw new Error(`${path.join('.')} is not an array`);
  return array;
}
