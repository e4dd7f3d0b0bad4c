import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { Bulkhead } from '#server/upstream-client/bulkhead.ts';
import { upstreamFailureOf } from './support.ts';

let bulkhead: Bulkhead;
beforeEach(() => {
  bulkhead = new Bulkhead({ connections: 2, queue: 2 });
});

const never = new AbortController().signal;
const state = () => ({ running: bulkhead.running, waiting: bulkhead.waiting });

/** Starts or queues a call and returns what has become of it. */
function enter(signal: AbortSignal = never) {
  const call = { started: false, release: () => {}, entered: bulkhead.acquire(signal) };
  call.entered.then(
    (release) => {
      call.started = true;
      call.release = release;
    },
    () => undefined,
  );
  return call;
}

/** Waits until all promises that can settle have settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('as many calls run as there are connections, as many wait as the queue is long, and one more is rejected', async () => {
  const calls = [enter(), enter(), enter(), enter()];
  await settled();
  expect(calls.map(({ started }) => started)).toEqual([true, true, false, false]);
  expect(state()).toEqual({ running: 2, waiting: 2 });
  expect(await upstreamFailureOf(bulkhead.acquire(never))).toMatchObject({
    fault: 'queue_full',
    reason: 'upstream_overloaded',
    retryAfterSeconds: limits.upstream.queueRetryAfterSeconds,
  });
  expect(state()).toEqual({ running: 2, waiting: 2 });
});

test('a connection goes to the call that has waited longest, and is free after the last one', async () => {
  const [first, second, third, fourth] = [enter(), enter(), enter(), enter()];
  await settled();
  second.release();
  await settled();
  expect([third.started, fourth.started]).toEqual([true, false]);
  expect(state()).toEqual({ running: 2, waiting: 1 });
  first.release();
  await settled();
  expect(fourth.started).toBe(true);
  third.release();
  fourth.release();
  expect(state()).toEqual({ running: 0, waiting: 0 });
});

describe('a call that ends while it waits', () => {
  test.each([
    ['waited', 'upstream_timeout', new DOMException('too late', 'TimeoutError')],
    ['cancelled', 'upstream_unreachable', new DOMException('gone', 'AbortError')],
  ] as const)('fails as %s', async (fault, reason, cause) => {
    enter();
    enter();
    const abort = new AbortController();
    const { entered } = enter(abort.signal);
    abort.abort(cause);
    expect(await upstreamFailureOf(entered)).toMatchObject({ fault, reason });
  });

  test('leaves its place in the queue to another call', async () => {
    enter();
    enter();
    const abort = new AbortController();
    enter(abort.signal);
    enter();
    abort.abort();
    expect(state()).toEqual({ running: 2, waiting: 1 });
    enter();
    expect(state()).toEqual({ running: 2, waiting: 2 });
  });

  test('is passed over when a connection is free', async () => {
    const first = enter();
    enter();
    const abort = new AbortController();
    const left = enter(abort.signal);
    const last = enter();
    await settled();
    abort.abort();
    first.release();
    await settled();
    expect([left.started, last.started]).toEqual([false, true]);
    expect(state()).toEqual({ running: 2, waiting: 0 });
  });
});

test('a call that ended before it began takes no connection', async () => {
  expect(await upstreamFailureOf(bulkhead.acquire(AbortSignal.abort()))).toMatchObject({
    fault: 'cancelled',
  });
  expect(state()).toEqual({ running: 0, waiting: 0 });
});

test('a call that has a connection keeps it when its signal aborts, until it is released', async () => {
  const abort = new AbortController();
  const call = enter(abort.signal);
  enter();
  const next = enter(abort.signal);
  await settled();
  call.release();
  await settled();
  expect(next.started).toBe(true);
  abort.abort();
  await settled();
  expect(state()).toEqual({ running: 2, waiting: 0 });
  next.release();
  expect(state()).toEqual({ running: 1, waiting: 0 });
});
