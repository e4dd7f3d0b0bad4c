const registryKey: unique symbol = Symbol.for('bff.singletons');

/** `created` is an object, so that undefined can be a value too. */
type Slot<T> = { created?: { value: T } };
/** Only one call of `defineSingleton` uses a name, so the name determines the type of the value. */
type Registry = { get<T>(name: string): Slot<T> | undefined; set<T>(name: string, slot: Slot<T>): unknown };

const root: typeof globalThis & { [registryKey]?: Registry } = globalThis;
root[registryKey] ??= new Map();
const registry = root[registryKey];

type Singleton<T> = {
  /** Returns the value of this process. The first call creates it. */
  get(): T;
  /**
   * Sets the value instead of creating it.
   *
   * @throws Error if the process already has a value
   */
  set(value: T): void;
};

/**
 * Defines a value that exists once per process.
 *
 * Next loads a module several times (instrumentation and route handlers are separate instances, and hot reload
 * creates new ones), so a module-level variable exists several times. The global symbol registry exists once.
 *
 * @param name unique in the product
 */
export function defineSingleton<T>(name: string, create: () => T): Singleton<T> {
  const slot: Slot<T> = registry.get(name) ?? {};
  registry.set(name, slot);
  return {
    get() {
      slot.created ??= { value: create() };
      return slot.created.value;
    },
    set(value) {
      if (slot.created) throw new Error(`The singleton ${name} already has a value.`);
      slot.created = { value };
    },
  };
}
