import { expect, test, vi } from 'vitest';
import { memoize } from '#server/lib/memoize.ts';

test('the value of a key is created once', () => {
  const create = vi.fn((key: string) => ({ key }));
  const memoized = memoize(create);
  const [a, b] = [memoized('a'), memoized('b')];
  expect([a, b]).toEqual([{ key: 'a' }, { key: 'b' }]);
  expect(memoized('a')).toBe(a);
  expect(memoized('b')).toBe(b);
  expect(create).toHaveBeenCalledTimes(2);
});
