/** The unit tests of a worker share a process. Each file starts with the singletons and the environment of a new one. */
import { afterAll, vi } from 'vitest';
import { lifecycle } from '#server/process/lifecycle.ts';

const registry: unknown = Reflect.get(globalThis, Symbol.for('bff.singletons'));
if (registry instanceof Map) {
  for (const slot of registry.values()) delete slot.created;
}
// Modules keep this value when they are loaded. A server that an earlier file has stopped leaves it as it was then.
Object.assign(lifecycle, { starting: false, draining: false, handingOver: false, hasNodeServer: false });

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
