const settled = new WeakSet<object>();

/**
 * Freezes a value, save for the dates in it, which cannot be frozen and must be left alone: it will never change again,
 * so what is made of it once (its check, its JSON) can be kept with it.
 */
export function settle<T extends object>(value: T): T {
  freeze(value);
  settled.add(value);
  return value;
}

export function isSettled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && settled.has(value);
}

/** Whether a property of an object is settled. */
export function hasSettled(value: object): boolean {
  return Object.values(value).some(isSettled);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}
