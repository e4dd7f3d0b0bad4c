import { afterEach, beforeEach, onTestFinished, vi } from 'vitest';

/** Fakes the wall clock and the monotonic clock in the tests of a file or a `describe`. Timers stay real. */
export function fakeClocks(now = Date.parse('2026-06-01T00:00:00Z')): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets time pass: both clocks advance. */
export function advance(milliseconds: number): void {
  vi.advanceTimersByTime(milliseconds);
}

/** Sets the wall clock forward, or back. The monotonic clock stays. */
export function setWallClock(byMilliseconds: number): void {
  vi.setSystemTime(Date.now() + byMilliseconds);
}

/**
 * Fakes the monotonic clock until the end of the test, also for lru-cache, which keeps the `performance` that it finds
 * when it is loaded.
 *
 * @returns lets time pass
 */
export function fakeCacheClock(): (milliseconds: number) => void {
  let time = performance.now();
  const now = vi.spyOn(performance, 'now').mockImplementation(() => time);
  // lru-cache reads the clock again only after a timer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
    now.mockRestore();
  });
  return (milliseconds) => {
    time += milliseconds;
    vi.advanceTimersByTime(milliseconds);
  };
}
