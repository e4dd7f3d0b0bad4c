import { expect, test } from 'vitest';
import { createConcurrencyLimit, type Slot } from '#server/lib/concurrency.ts';

function release(slot: Slot | undefined): void {
  if (!slot || slot.exceeded) throw new Error('no slot was acquired');
  slot.release();
}

test('one client gets its share, all clients together the total', () => {
  const limit = createConcurrencyLimit({ total: 3, perClient: 2 });
  const first = limit.acquire('a');
  expect(limit.acquire('a').exceeded).toBeUndefined();
  expect(limit.acquire('a')).toEqual({ exceeded: 'perClient' });
  expect(limit.acquire('b').exceeded).toBeUndefined();
  expect(limit.acquire('b')).toEqual({ exceeded: 'total' });
  expect(limit.acquire('a')).toEqual({ exceeded: 'perClient' });
  release(first);
  expect(limit.acquire('b').exceeded).toBeUndefined();
});

test('a slot is given back once, however often it is released', () => {
  const limit = createConcurrencyLimit({ total: 2, perClient: 2 });
  const first = limit.acquire('a');
  limit.acquire('a');
  release(first);
  release(first);
  expect(limit.acquire('a').exceeded).toBeUndefined();
  expect(limit.acquire('b')).toEqual({ exceeded: 'total' });
});

test('a client that gives back one of its slots still holds the others', () => {
  const limit = createConcurrencyLimit({ total: 10, perClient: 2 });
  const first = limit.acquire('a');
  limit.acquire('a');
  release(first);
  expect(limit.acquire('a').exceeded).toBeUndefined();
  expect(limit.acquire('a')).toEqual({ exceeded: 'perClient' });
});

test('a client that gives back all of its slots gets its whole share again', () => {
  const limit = createConcurrencyLimit({ total: 2, perClient: 2 });
  for (let round = 0; round < 3; round += 1) {
    const slots = [limit.acquire('a'), limit.acquire('a')];
    expect(limit.acquire('b')).toEqual({ exceeded: 'total' });
    for (const slot of slots) release(slot);
  }
});

test('a rejected client takes no slot', () => {
  const limit = createConcurrencyLimit({ total: 1, perClient: 1 });
  const first = limit.acquire('a');
  limit.acquire('a');
  limit.acquire('b');
  release(first);
  expect(limit.acquire('b').exceeded).toBeUndefined();
});
