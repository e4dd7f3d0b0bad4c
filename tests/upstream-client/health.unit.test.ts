import { describe, expect, test } from 'vitest';
import type { BreakerState } from '#server/upstream-client/circuit-breaker.ts';
import { createHealthRecord, healthOf } from '#server/upstream-client/observer.ts';
import { snapshotsSchema, statusOf, type UpstreamSnapshot } from '#server/upstream-client/status.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

fakeClocks();

/** Returns the snapshot of one worker, after these events. */
function snapshotOf(
  record: (observer: ReturnType<typeof createHealthRecord>['observer']) => void = () => undefined,
  state: Partial<UpstreamSnapshot> = {},
): UpstreamSnapshot {
  const { observer, statsOf } = createHealthRecord(undefined);
  record(observer);
  return {
    name: 'sample',
    title: 'Sample',
    configured: true,
    breaker: 'closed',
    running: 0,
    waiting: 0,
    streams: 0,
    ...statsOf('sample'),
    ...state,
  };
}

describe('the status over several workers', () => {
  test.each<[BreakerState, BreakerState, BreakerState]>([
    ['closed', 'closed', 'closed'],
    ['closed', 'half_open', 'half_open'],
    ['half_open', 'open', 'open'],
    ['closed', 'open', 'open'],
  ])('of the breakers %s and %s is %s, whichever worker is asked', (one, other, worst) => {
    const [first, second] = [
      snapshotOf(undefined, { breaker: one }),
      snapshotOf(undefined, { breaker: other }),
    ];
    expect(statusOf([first], [second])[0]?.breaker).toBe(worst);
    expect(statusOf([second], [first])[0]?.breaker).toBe(worst);
  });

  test('shows the latest failure, whichever worker is asked', () => {
    const early = snapshotOf(({ callEnded }) => callEnded('sample', 'reset', 0));
    advance(1_000);
    const late = snapshotOf(({ callEnded }) => callEnded('sample', 'server_error', 0));
    const never = snapshotOf();
    for (const [own, ...others] of [
      [early, late, never],
      [never, early, late],
      [late, never, early],
    ]) {
      expect(statusOf(own ? [own] : [], others)[0]?.lastFailure).toMatchObject({ fault: 'server_error' });
    }
    expect(statusOf([never], [never])[0]?.lastFailure).toBeNull();
  });

  test('adds up the counts, and ignores other upstreams', () => {
    const worker = snapshotOf(
      (observer) => {
        observer.attemptEnded('sample', 'server_error');
        observer.attemptEnded('sample', 'ok');
        observer.attemptEnded('sample', 'reset');
        observer.callEnded('sample', 'ok', 0.1);
        observer.callEnded('sample', 'reset', 0.1);
        observer.cacheLookup('sample', 'hit');
        observer.cacheLookup('sample', 'miss');
        observer.cacheLookup('sample', 'stale');
        observer.transferred('sample', 'received', 100);
        observer.transferred('sample', 'sent', 10);
      },
      { running: 1, waiting: 2, streams: 3 },
    );
    expect(statusOf([worker], [worker, { ...worker, name: 'other' }])).toEqual([
      {
        name: 'sample',
        title: 'Sample',
        configured: true,
        breaker: 'closed',
        running: 2,
        waiting: 4,
        streams: 6,
        calls: 4,
        failures: 2,
        retries: 2,
        lastFailure: { fault: 'reset', at: new Date() },
        latency: { median: 100, p95: 100 },
        cache: { miss: 2, hit: 2, stale: 2 },
        bytesReceived: 200,
        bytesSent: 20,
      },
    ]);
  });
});

describe('the health of an upstream', () => {
  test.each(['cancelled', 'missing'] as const)(
    'counts a call that ended as %s, but not as a failure',
    (outcome) => {
      const { calls, failures, lastFailure } = snapshotOf(({ callEnded }) => callEnded('sample', outcome, 0));
      expect({ calls, failures, lastFailure }).toEqual({ calls: 1, failures: 0, lastFailure: null });
    },
  );

  test('has the latency of the latest 200 calls', () => {
    const stats = snapshotOf(({ callEnded }) => {
      for (let call = 0; call < 200; call += 1) callEnded('sample', 'ok', 9);
      for (let call = 1; call <= 200; call += 1) callEnded('sample', 'ok', call / 1_000);
    });
    expect(healthOf(stats).latency).toEqual({ median: 101, p95: 191 });
  });

  test('has no latency before the first call, and of one call its own', () => {
    expect(healthOf(snapshotOf()).latency).toBeNull();
    const once = snapshotOf(({ callEnded }) => callEnded('sample', 'ok', 0.0125));
    expect(healthOf(once).latency).toEqual({ median: 13, p95: 13 });
  });

  test('has no negative number of retries: a call that was rejected while the upstream is paused has no attempt', () => {
    const stats = snapshotOf(({ callEnded }) => callEnded('sample', 'queue_full', 0));
    expect(healthOf(stats).retries).toBe(0);
  });
});

describe('the snapshot of another worker', () => {
  const received = (snapshot: object): unknown => JSON.parse(JSON.stringify([snapshot]));

  test('is the one that was sent, although it comes as JSON', () => {
    const sent = snapshotOf(({ callEnded }) => callEnded('sample', 'dns', 0.1));
    expect(snapshotsSchema.parse(received(sent))).toEqual([sent]);
  });

  test.each(['nonsense', 'toString', ['dns'], 1, null])('is rejected with the fault %j', (fault) => {
    const sent = { ...snapshotOf(), lastFailure: { fault, at: new Date() } };
    expect(snapshotsSchema.safeParse(received(sent)).success).toBe(false);
  });
});
