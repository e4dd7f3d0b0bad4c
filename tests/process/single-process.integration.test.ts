import { expect, test } from 'vitest';
import { coordinator, setCoordinator } from '#server/process/coordinator.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { startedAt } from '#server/process/started-at.ts';
import { fakeCoordinator } from './fake-coordinator.ts';

test('a process that is no worker has no coordinator, and gets none later', () => {
  expect(coordinator()).toBeUndefined();
  expect(() => setCoordinator(fakeCoordinator())).toThrow('coordinator');
  expect(coordinator()).toBeUndefined();
});

test('the start time of a process is that of its first use, and stays', () => {
  const before = Date.now();
  const first = startedAt();
  expect(first.getTime()).toBeGreaterThanOrEqual(before);
  expect(first.getTime()).toBeLessThanOrEqual(Date.now());
  expect(startedAt()).toBe(first);
});

test('a process neither starts nor ends before its server says so', () => {
  expect(lifecycle).toEqual({ starting: false, draining: false, handingOver: false, hasNodeServer: false });
});
