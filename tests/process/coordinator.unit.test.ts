import { expect, test } from 'vitest';
import { coordinator, setCoordinator } from '#server/process/coordinator.ts';
import { startedAt } from '#server/process/started-at.ts';
import { fakeCoordinator } from './fake-coordinator.ts';

test('a worker has the coordinator that it sets, and the start time that its primary gives', () => {
  const own = fakeCoordinator();
  setCoordinator(own);
  expect(coordinator()).toBe(own);
  expect(startedAt()).toBe(own.startedAt);
  expect(() => setCoordinator(fakeCoordinator())).toThrow('coordinator');
});
