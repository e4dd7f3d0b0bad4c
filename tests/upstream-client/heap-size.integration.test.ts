import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { heapSize } from '#server/upstream-client/heap-size.ts';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

function used(): number {
  if (typeof collect === 'function') for (let n = 0; n < 3; n += 1) collect();
  return getHeapStatistics().used_heap_size;
}

const hour = (n: number) => ({
  time: `2026-03-${n % 28}T12:00`,
  temperature: n + 0.5,
  code: n % 7,
  rain: null,
});
const hours = (n: number) => Array.from({ length: 168 }, (_, index) => hour(n + index));

test.each([
  [
    'columns of numbers',
    (n: number) => ({ a: hours(n).map((each) => each.temperature), b: hours(n).map((each) => each.code) }),
  ],
  ['rows of objects', (n: number) => ({ hourly: hours(n) })],
  ['a long text', (n: number) => ({ text: `${n}${'x'.repeat(20_000)}`.split('').reverse().join('') })],
])('heapSize estimates the memory of %s within a factor of 2.5', (_, make) => {
  const before = used();
  const kept = Array.from({ length: 200 }, (_, n) => JSON.parse(JSON.stringify(make(n))));
  const taken = used() - before;
  const counted = kept.reduce((sum, each) => sum + heapSize(each), 0);
  expect(taken / counted).toBeGreaterThan(0.4);
  expect(taken / counted).toBeLessThan(2.5);
});
