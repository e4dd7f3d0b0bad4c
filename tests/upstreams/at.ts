import { isRecord } from '#server/lib/is-record.ts';

/** Returns the value at a path of keys; undefined if the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}
