import { describe, expect, test, vi } from 'vitest';
import { historyMinutes, historyOf } from '#server/upstream-client/history.ts';
import { createHealthRecord } from '#server/upstream-client/observer.ts';
import { historiesOf, snapshotsSchema, type UpstreamSnapshot } from '#server/upstream-client/status.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

fakeClocks();

const minute = 60_000;

function newWorker() {
  const { observer, statsOf } = createHealthRecord(undefined);
  const snapshot = (): UpstreamSnapshot => ({
    name: 'sample',
    title: 'Sample',
    configured: true,
    breaker: 'closed',
    running: 0,
    waiting: 0,
    streams: 0,
    ...statsOf('sample'),
  });
  return { ...observer, snapshot };
}

const lastOf = (values: readonly unknown[] | undefined, count: number) => values?.slice(-count);

describe('the history of an upstream', () => {
  test('has the calls, failures and mean latency of each minute, with gaps', () => {
    const { callEnded, snapshot } = newWorker();
    callEnded('sample', 'ok', 0.1);
    callEnded('sample', 'missing', 0.3);
    callEnded('sample', 'server_error', 9);
    advance(2 * minute);
    callEnded('sample', 'breaker_open', 0);
    callEnded('sample', 'cancelled', 5);
    const history = historiesOf([snapshot()]).get('sample');
    expect(history?.calls).toHaveLength(historyMinutes);
    expect(lastOf(history?.calls, 4)).toEqual([0, 3, 0, 2]);
    expect(lastOf(history?.failures, 4)).toEqual([0, 1, 0, 1]);
    expect(lastOf(history?.latency, 4)).toEqual([null, 200, null, null]);
    expect(history?.endsAt.getTime()).toBe(Math.floor(Date.now() / minute) * minute);
  });

  test('ends with the running minute and keeps one hour', () => {
    const { callEnded, snapshot } = newWorker();
    const calls = () => historiesOf([snapshot()]).get('sample')?.calls ?? [];
    callEnded('sample', 'ok', 0.1);
    advance((historyMinutes - 1) * minute);
    expect(calls()[0]).toBe(1);
    advance(minute);
    expect(calls()).toEqual(Array(historyMinutes).fill(0));
    expect(snapshot().minutes).toEqual([]);
    callEnded('sample', 'ok', 0.1);
    expect(calls().at(-1)).toBe(1);
  });

  test('does not grow with the calls', () => {
    const { callEnded, snapshot } = newWorker();
    for (let call = 0; call < 3 * historyMinutes; call += 1) {
      callEnded('sample', 'ok', 0.1);
      callEnded('sample', 'ok', 0.1);
      advance(minute);
    }
    expect(snapshot().minutes.length).toBeLessThanOrEqual(historyMinutes);
  });

  test('leaves out minutes that are ahead, because the clock was set back', () => {
    const { callEnded, snapshot } = newWorker();
    callEnded('sample', 'ok', 0.1);
    vi.setSystemTime(Date.now() - 10 * minute);
    expect(historyOf(snapshot().minutes).calls).toEqual(Array(historyMinutes).fill(0));
  });

  test('adds up the workers, of which one of an earlier release has no history', () => {
    const [one, other] = [newWorker(), newWorker()];
    one.callEnded('sample', 'ok', 0.1);
    other.callEnded('sample', 'ok', 0.2);
    other.callEnded('sample', 'reset', 1);
    const { minutes: _, ...earlier } = newWorker().snapshot();
    const received = snapshotsSchema.parse(JSON.parse(JSON.stringify([other.snapshot(), earlier])));
    const history = historiesOf([one.snapshot()], received).get('sample');
    expect(history?.calls.at(-1)).toBe(3);
    expect(history?.failures.at(-1)).toBe(1);
    expect(history?.latency.at(-1)).toBe(150);
  });
});
