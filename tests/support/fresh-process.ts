/** The unit tests of a worker share a process. Each file starts with the singletons and the environment of a new one. */
import { afterAll, vi } from 'vitest';

const registry: unknown = Reflect.get(globalThis, Symbol.for('typed-bff.singletons'));
if (registry instanceof Map) {
  for (const slot of registry.values()) delete slot.created;
}

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
