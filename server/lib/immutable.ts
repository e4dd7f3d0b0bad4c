const immutable = new WeakSet<object>();

/**
 * Deep-freezes a value and marks it as immutable, so that its validation result and its JSON can be cached. A Date in
 * it cannot be frozen: don't change it.
 */
export function freezeDeep<T extends object>(value: T): T {
  freeze(value);
  immutable.add(value);
  return value;
}

/** Returns whether a value was passed to `freezeDeep` itself. */
export function isImmutable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && immutable.has(value);
}

/** Returns whether a property of an object is immutable. */
export function hasImmutable(value: object): boolean {
  for (const item of Object.values(value)) if (isImmutable(item)) return true;
  return false;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}
