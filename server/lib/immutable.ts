const immutable = new WeakSet<object>();

/**
 * Freezes a value, save for the dates in it, which cannot be frozen and must be left alone: it will never change again,
 * so what is made of it once (its check, its JSON) can be kept with it.
 */
export function freezeDeep<T extends object>(value: T): T {
  freeze(value);
  immutable.add(value);
  return value;
}

export function isImmutable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && immutable.has(value);
}

/** Whether a property of an object is settled. */
export function hasImmutable(value: object): boolean {
  return Object.values(value).some(isImmutable);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}
