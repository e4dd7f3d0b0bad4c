import { vi } from 'vitest';
import type { Coordinator } from '#server/process/coordinator.ts';

/** The coordinator of a worker whose primary does nothing. */
export function fakeCoordinator(): Coordinator {
  return {
    salt: 'salt',
    startedAt: new Date('2026-06-01T00:00:00Z'),
    charge: vi.fn(),
    putIfAbsent: vi.fn(),
    broadcast: vi.fn(),
    onBroadcast: vi.fn(),
    sendHint: vi.fn(),
    onHint: vi.fn(),
    registerMailDelivery: vi.fn(),
    wakeMailLeader: vi.fn(),
  };
}
