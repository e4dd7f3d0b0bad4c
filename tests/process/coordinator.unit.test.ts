import { expect, test, vi } from 'vitest';
import { coordinator, setCoordinator } from '#server/process/coordinator.ts';
import { lifecycle } from '#server/process/lifecycle.ts';

test('a process that is no worker has no coordinator, and gets none later', () => {
  expect(coordinator()).toBeUndefined();
  const late = {
    salt: 'salt',
    startedAt: new Date(),
    charge: vi.fn(),
    putIfAbsent: vi.fn(),
    broadcast: vi.fn(),
    onBroadcast: vi.fn(),
    registerMailDelivery: vi.fn(),
    wakeMailLeader: vi.fn(),
  };
  expect(() => setCoordinator(late)).toThrow('coordinator');
  expect(coordinator()).toBeUndefined();
});

test('a process neither starts nor ends before its server says so', () => {
  expect(lifecycle).toEqual({ starting: false, draining: false, handingOver: false, hasNodeServer: false });
});
