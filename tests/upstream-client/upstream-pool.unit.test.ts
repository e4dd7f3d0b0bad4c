import { describe, expect, onTestFinished, test } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { type Fault, faults, UpstreamFailure } from '#server/upstream-client/failure.ts';
import { createUpstreamPool, type UpstreamPoolLimits } from '#server/upstream-client/upstream-pool.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;
const isFault = (name: string): name is Fault => name in faults;
const allFaults = Object.keys(faults).filter(isFault);

/** Creates a pool that connects to nothing: the work is in the tests. */
function createPool(own: Partial<UpstreamPoolLimits> = {}) {
  const attempts: string[] = [];
  const breaker: string[] = [];
  const pool = createUpstreamPool('http://127.0.0.1:1', { ...limits.upstream, ...own }, parseEnv({}), {
    attemptEnded: (outcome) => attempts.push(outcome),
    breakerChanged: (state) => breaker.push(state),
  });
  onTestFinished(() => pool.close());
  const once = { deadline: 5_000, repeatable: false };
  return {
    pool,
    attempts,
    breaker,
    /** Runs a call that is never retried. */
    call: (work: () => Promise<unknown>, signal?: AbortSignal) => pool.call({ ...once, signal }, work),
    fail: (fault: Fault) => pool.call(once, () => Promise.reject(new UpstreamFailure(fault))),
  };
}

type Pool = ReturnType<typeof createPool>;

const times = (count: number) => Array.from({ length: count });

async function openBreaker({ fail, pool }: Pool): Promise<void> {
  for (const _ of times(minimumAttempts)) await upstreamFailureOf(fail('server_error'));
  expect(pool.state.breaker).toBe('open');
}

describe('the circuit breaker', () => {
  fakeClocks();

  const failures = new Set<Fault>([
    'dns',
    'connect',
    'reset',
    'deadline',
    'unavailable',
    'server_error',
    'protocol',
    'truncated',
  ]);
  /** The call ended on this side, so it says nothing about the upstream. */
  const ignored = new Set<Fault>([
    'address',
    'cancelled',
    'upload_reset',
    'queue_full',
    'waited',
    'breaker_open',
    'paused',
  ]);
  const expected = allFaults.map((fault) => {
    if (failures.has(fault)) return [fault, 'fails', 'open', openFor] as const;
    if (ignored.has(fault)) return [fault, 'is not counted', 'open', 0] as const;
    return [fault, 'succeeds', 'closed', 0] as const;
  });

  test.each(expected)('a probe that ends as %s %s', async (fault, _, state, wait) => {
    const created = createPool();
    await openBreaker(created);
    advance(openFor);
    await upstreamFailureOf(created.fail(fault));
    expect(created.pool.state.breaker).toBe(state);
    if (state === 'closed') return;
    if (wait > 0) {
      advance(wait - 1);
      expect((await upstreamFailureOf(created.fail(fault))).fault).toBe('breaker_open');
      advance(1);
    }
    await expect(created.call(async () => 'permitted')).resolves.toBe('permitted');
  });

  test.each([
    ['UpstreamFailure that is not counted', new UpstreamFailure('cancelled')],
    ['error of this side', new Error('unforeseen')],
  ])('a closed circuit does not count an %s as an attempt', async (_, error) => {
    const { pool, call, fail } = createPool();
    for (const _ of times(minimumAttempts - 1)) await upstreamFailureOf(fail('server_error'));
    for (const _ of times(minimumAttempts))
      await expect(call(() => Promise.reject(error))).rejects.toBe(error);
    expect(pool.state.breaker).toBe('closed');
    await upstreamFailureOf(fail('server_error'));
    expect(pool.state.breaker).toBe('open');
  });

  test('a probe that ends with an error of this side is followed by another probe', async () => {
    const created = createPool();
    await openBreaker(created);
    advance(openFor);
    const error = new Error('unforeseen');
    await expect(created.call(() => Promise.reject(error))).rejects.toBe(error);
    await expect(created.call(async () => 'permitted')).resolves.toBe('permitted');
    expect(created.breaker).toEqual(['closed', 'open', 'half_open', 'open', 'half_open', 'closed']);
  });
});

describe('the connection of a call', () => {
  /** Runs a call that holds its connection until it is told to end. */
  function hold({ pool }: Pool, options: { deadline?: number; signal?: AbortSignal } = {}) {
    const end = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const result = pool.call({ deadline: 5_000, repeatable: false, ...options }, () => {
      started.resolve();
      return end.promise;
    });
    result.catch(() => undefined);
    return { ...end, started: started.promise, result };
  }

  test('is released after a success, a failure and an error of this side', async () => {
    const created = createPool({ connections: 1, queue: 0 });
    for (const error of [undefined, new UpstreamFailure('server_error'), new Error('unforeseen')]) {
      const call = hold(created);
      await call.started;
      expect(created.pool.state).toMatchObject({ running: 1, waiting: 0 });
      if (error) call.reject(error);
      else call.resolve('done');
      await call.result.catch(() => undefined);
      expect(created.pool.state).toMatchObject({ running: 0, waiting: 0 });
    }
  });

  test('is kept by a call whose caller has left, until its request has really ended', async () => {
    const created = createPool({ connections: 1, queue: 0 });
    const abort = new AbortController();
    const call = hold(created, { signal: abort.signal });
    await call.started;
    abort.abort();
    expect((await upstreamFailureOf(call.result)).fault).toBe('cancelled');
    expect(created.pool.state.running).toBe(1);
    expect((await upstreamFailureOf(created.call(async () => 'more'))).fault).toBe('queue_full');
    call.resolve('at last');
    await expect.poll(() => created.pool.state.running).toBe(0);
    await expect(created.call(async () => 'more')).resolves.toBe('more');
  });

  test('of a call whose work ignores its deadline does not delay the failure of the call', async () => {
    const created = createPool();
    const call = hold(created, { deadline: 20 });
    expect((await upstreamFailureOf(call.result)).fault).toBe('deadline');
    call.resolve('too late');
  });

  test('is not taken by a call that was rejected after it had waited', async () => {
    const created = createPool({ connections: 1, queue: 1 });
    const first = hold(created);
    await first.started;
    const waiting = created.call(async () => 'sent');
    expect(created.pool.state.waiting).toBe(1);
    first.reject(new UpstreamFailure('throttled', { statedWaitSeconds: 30 }));
    expect((await upstreamFailureOf(waiting)).fault).toBe('paused');
    expect(created.pool.state).toMatchObject({ running: 0, waiting: 0 });
  });

  test('can be waited for only by as many calls as the queue is long', async () => {
    const created = createPool({ connections: 1, queue: 1 });
    const first = hold(created);
    await first.started;
    const waiting = created.call(async () => 'sent');
    expect((await upstreamFailureOf(created.call(async () => 'sent'))).fault).toBe('queue_full');
    expect(created.attempts).toEqual(['queue_full']);
    first.resolve('done');
    expect(await waiting).toBe('sent');
  });

  test('is not waited for by streams', async () => {
    const created = createPool({ connections: 1, queue: 0, streams: 1 });
    const first = hold(created);
    await first.started;
    await expect(created.pool.stream(async () => 'streamed')).resolves.toBe('streamed');
    first.resolve('done');
  });
});

describe('streams', () => {
  test('beyond the limit are rejected and reported as such', async () => {
    const { pool, attempts } = createPool({ streams: 1 });
    const release = await pool.stream(async (_, end) => end);
    expect(pool.state.streams).toBe(1);
    expect(await upstreamFailureOf(pool.stream(async () => 'more'))).toMatchObject({
      fault: 'queue_full',
      retryAfterSeconds: limits.upstream.queueRetryAfterSeconds,
    });
    expect(attempts).toEqual(['ok', 'queue_full']);
    release();
    expect(pool.state.streams).toBe(0);
  });

  test('that end twice give back one slot', async () => {
    const { pool } = createPool({ streams: 2 });
    const release = await pool.stream(async (_, end) => end);
    await pool.stream(async () => 'open');
    release();
    release();
    expect(pool.state.streams).toBe(1);
  });

  test('that fail give back their slot', async () => {
    const { pool } = createPool();
    const error = new Error('unforeseen');
    await expect(pool.stream(() => Promise.reject(error))).rejects.toBe(error);
    expect(pool.state.streams).toBe(0);
  });

  test('have connections of their own', async () => {
    const { pool, call } = createPool({ connections: 1, queue: 0, streams: 1 });
    await pool.stream(async () => 'open');
    await expect(call(async () => 'called')).resolves.toBe('called');
  });
});

describe('a retry', () => {
  const repeatable = { deadline: 5_000, repeatable: true };

  test('that the open circuit rejects leaves the failure of the attempt before it', async () => {
    const { pool, fail, attempts } = createPool();
    for (const _ of times(minimumAttempts - 1)) await upstreamFailureOf(fail('reset'));
    const call = pool.call(repeatable, () => Promise.reject(new UpstreamFailure('server_error')));
    expect((await upstreamFailureOf(call)).fault).toBe('server_error');
    expect(attempts.slice(minimumAttempts - 1)).toEqual(['server_error', 'breaker_open']);
  });

  test('that fails in another way is the failure of the call', async () => {
    const outcomes: Fault[] = ['server_error', 'client_error'];
    const call = createPool().pool.call(repeatable, () =>
      Promise.reject(new UpstreamFailure(outcomes.shift() ?? 'schema')),
    );
    expect((await upstreamFailureOf(call)).fault).toBe('client_error');
  });

  test('waits until a pause that another call began has ended', async () => {
    const { pool, attempts } = createPool();
    const first = Promise.withResolvers<string>();
    const results = [() => first.promise, async () => 'at last'];
    const call = pool.call(
      repeatable,
      () => results.shift()?.() ?? Promise.reject(new Error('a third attempt')),
    );
    const throttled = pool.call({ ...repeatable, repeatable: false }, () =>
      Promise.reject(new UpstreamFailure('throttled', { statedWaitSeconds: 1 })),
    );
    await upstreamFailureOf(throttled);
    first.reject(new UpstreamFailure('server_error'));
    expect(await call).toBe('at last');
    expect(attempts).toEqual(['throttled', 'server_error', 'ok']);
  });

  test('is not waited for if the deadline ends first', { timeout: 10_000 }, async () => {
    const call = createPool().pool.call({ deadline: limits.upstream.maxDeadline, repeatable: true }, () =>
      Promise.reject(new UpstreamFailure('unavailable', { statedWaitSeconds: 30 })),
    );
    expect(await upstreamFailureOf(call)).toMatchObject({ fault: 'unavailable', retryAfterSeconds: 30 });
  });

  test('does not follow an error of this side', async () => {
    let attempts = 0;
    const call = createPool().pool.call(repeatable, () => {
      attempts += 1;
      return Promise.reject(new Error('unforeseen'));
    });
    await expect(call).rejects.toThrow('unforeseen');
    expect(attempts).toBe(1);
  });
});

test('a throttled stream pauses calls for a time of our own, and its failure has that time', async () => {
  const { pool, call } = createPool();
  const stream = pool.stream(() => Promise.reject(new UpstreamFailure('throttled')));
  const seconds = limits.upstream.throttlePause / 1000;
  expect(await upstreamFailureOf(stream)).toMatchObject({ fault: 'throttled', retryAfterSeconds: seconds });
  expect(await upstreamFailureOf(call(async () => 'sent'))).toMatchObject({ fault: 'paused' });
});
