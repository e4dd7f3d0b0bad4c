import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRelease } from '#server/feed/release.ts';
import { item } from './support.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-20T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const at = (time: string) => new Date(`2026-11-20T${time}Z`);

test('an entry appears at its date, and the list stays the same until then', () => {
  const release = createRelease();
  const entries = [
    item({ id: 'later', publishedAt: at('02:00:00') }),
    item({ id: 'now', publishedAt: at('00:00:00') }),
    item({ id: 'soon', publishedAt: at('01:00:00') }),
    item({ id: 'undated', publishedAt: null }),
  ];
  const ids = () => release(entries).map((entry) => 'id' in entry && entry.id);
  expect(ids()).toEqual(['now', 'undated']);
  const before = release(entries);
  vi.setSystemTime(at('00:59:59.999'));
  expect(release(entries)).toBe(before);
  vi.setSystemTime(at('01:00:00'));
  expect(ids()).toEqual(['now', 'soon', 'undated']);
  vi.setSystemTime(at('02:00:00'));
  expect(ids()).toEqual(['later', 'now', 'soon', 'undated']);
  vi.setSystemTime(at('23:00:00'));
  expect(release(entries)).toBe(release(entries));
});

test('the date of a change in the future is hidden until then', () => {
  const release = createRelease();
  const entries = [item({ publishedAt: at('00:00:00'), updatedAt: at('01:00:00') })];
  expect(release(entries)[0]?.updatedAt).toBeUndefined();
  vi.setSystemTime(at('01:00:00'));
  expect(release(entries)[0]?.updatedAt).toEqual(at('01:00:00'));
});

test('an entry is held back again if the clock is set back', () => {
  const release = createRelease();
  const entries = [item({ publishedAt: at('01:00:00') })];
  vi.setSystemTime(at('01:00:00'));
  expect(release(entries)).toHaveLength(1);
  vi.setSystemTime(at('00:30:00'));
  expect(release(entries)).toHaveLength(0);
});
