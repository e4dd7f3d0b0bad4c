/** The value at a path of keys; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** An array of texts, or a failure. */
export function textsAt(value: unknown, ...path: readonly string[]): string[] {
  return listAt(value, ...path).map((item) => {
    if (typeof item !== 'string') throw new Error(`${path.join('.')} holds ${typeof item}`);
    return item;
  });
}

/** An array of numbers, or a failure. */
export function numbersAt(value: unknown, ...path: readonly string[]): number[] {
  return listAt(value, ...path).map((item) => {
    if (typeof item !== 'number') throw new Error(`${path.join('.')} holds ${typeof item}`);
    return item;
  });
}

/**
 * A value reduced to its form, in the order of its keys: texts of dates and times to their pattern, other
 * texts and numbers to their type, arrays to the set of their elements' forms.
 */
export function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(formOf(item))))].sort();
  if (typeof value === 'string') {
    return /^\d{4}-\d\d-\d\d/.test(value) ? value.replace(/\d/g, '9') : 'string';
  }
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, formOf(inner)]));
}

function listAt(value: unknown, ...path: readonly string[]): unknown[] {
  const list = at(value, ...path);
  if (!Array.isArray(list)) throw new Error(`${path.join('.')} is no array`);
  return list;
}
