/**
 * One value for the whole process.
 *
 * Next loads a module several times (instrumentation and route handlers are separate instances, hot reload
 * makes new ones), so a module-level variable is not one value. The global symbol registry is.
 */
export function singleton<T>(name: string, make: () => T): T {
  const key = Symbol.for(`typed-bff.${name}`);
  const existing: { value: T } | undefined = Reflect.get(globalThis, key);
  if (existing) return existing.value;
  const value = make();
  Reflect.set(globalThis, key, { value });
  return value;
}
