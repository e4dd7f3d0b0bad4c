import { expect, test, vi } from 'vitest';
import { memoize } from '#server/lib/memoize.ts';

test('the value of a key is created once', () => {
  const create = vi.fn((key: string) => ({ key }));
  const valueOf = memoize(create);
  const [a, b] = [valueOf('a'), valueOf('b')];
  expect([a, b]).toEqual([{ key: 'a' }, { key: 'b' }]);
  expect(valueOf('a')).toBe(a);
  expect(valueOf('b')).toBe(b);
  expect(create).toHaveBeenCalledTimes(2);
});
