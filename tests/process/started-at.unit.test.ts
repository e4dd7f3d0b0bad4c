import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// A process has one start time, so each test loads the modules anew, with names that no other test has used.
beforeEach(() => void vi.resetModules());
afterEach(() => void vi.doUnmock('#server/process/coordinator.ts'));
vi.mock(import('#server/lib/singleton.ts'), async (importOriginal) => {
  const { defineSingleton } = await importOriginal();
  let count = 0;
  return {
    defineSingleton: (name, create) => {
      count += 1;
      return defineSingleton(`${name} of test ${count}`, create);
    },
  };
});

test('the start time of a process is that of its first use, and stays', async () => {
  const { startedAt } = await import('#server/process/started-at.ts');
  const before = Date.now();
  const first = startedAt();
  expect(first.getTime()).toBeGreaterThanOrEqual(before);
  expect(first.getTime()).toBeLessThanOrEqual(Date.now());
  expect(startedAt()).toBe(first);
});

test('the start time of a worker is the one that its primary gives', async () => {
  const startedByPrimary = new Date('2026-06-01T00:00:00Z');
  vi.doMock('#server/process/coordinator.ts', () => ({
    coordinator: () => ({ startedAt: startedByPrimary }),
  }));
  const { startedAt } = await import('#server/process/started-at.ts');
  expect(startedAt()).toEqual(startedByPrimary);
});
