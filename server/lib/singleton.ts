/** What was made, by name; each in an object of its own, so that one that is undefined counts as made. */
const made = storeOf(Symbol.for('typed-bff.singletons'));

/**
 * One value for the whole process.
 *
 * Next loads a module several times (instrumentation and route handlers are separate instances, hot reload
 * makes new ones), so a module-level variable is not one value. The global symbol registry is.
 */
export function singleton<T>(name: string, make: () => T): T {
  const existing: { value: T } | undefined = Reflect.get(made, name);
  if (existing) return existing.value;
  const value = make();
  Reflect.set(made, name, { value });
  return value;
}

function storeOf(key: symbol): object {
  const existing: object | undefined = Reflect.get(globalThis, key);
  if (existing) return existing;
  const store = {};
  Reflect.set(globalThis, key, store);
  return store;
}
