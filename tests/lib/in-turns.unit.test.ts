import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { mapInTurns } from '#server/lib/in-turns.ts';

test('a long computation lets other work run in between, and keeps the order', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('other work'));
  const results = await mapInTurns([1, 2, 3], (value) => {
    const startedAt = performance.now();
    while (performance.now() - startedAt < limits.turnTime);
    order.push(`value ${value}`);
    return value * 2;
  });
  expect(results).toEqual([2, 4, 6]);
  expect(order).toEqual(['value 1', 'other work', 'value 2', 'value 3']);
});
