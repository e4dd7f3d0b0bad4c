import { expect, test, vi } from 'vitest';
import { reuseFor } from '#server/lib/reuse-for.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

fakeClocks();

/** A function whose results a test determines. */
function loads() {
  const pending: PromiseWithResolvers<string>[] = [];
  const load = vi.fn(() => {
    const started = Promise.withResolvers<string>();
    pending.push(started);
    return started.promise;
  });
  return { load, pending };
}

test('concurrent calls share one result, however long it takes', async () => {
  const { load, pending } = loads();
  const shared = reuseFor(100, load);
  const first = shared();
  advance(1_000);
  const second = shared();
  expect(load).toHaveBeenCalledTimes(1);
  pending[0]?.resolve('result');
  expect(await Promise.all([first, second])).toEqual(['result', 'result']);
});

test('a result is reused for its time, which begins when the result is there', async () => {
  const { load, pending } = loads();
  const shared = reuseFor(100, load);
  const first = shared();
  advance(1_000);
  pending[0]?.resolve('first');
  await first;
  await Promise.resolve();
  advance(99);
  expect(await shared()).toBe('first');
  advance(1);
  const second = shared();
  expect(load).toHaveBeenCalledTimes(2);
  pending[1]?.resolve('second');
  expect(await second).toBe('second');
});

test('a failure is shared for the same time, and then repeated', async () => {
  const { load, pending } = loads();
  const shared = reuseFor(100, load);
  const first = shared();
  pending[0]?.reject(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  await expect(shared()).rejects.toThrow('failed');
  advance(100);
  const second = shared();
  pending[1]?.resolve('second');
  expect(await second).toBe('second');
});
