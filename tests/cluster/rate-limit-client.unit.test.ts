import { describe, expect, test } from 'vitest';
import type { Charge } from '#server/cluster/ipc-messages.ts';
import { createRateLimitClient, type RateLimitClient } from '#server/cluster/rate-limit-client.ts';
import { createRateLimitServer } from '#server/cluster/rate-limit-server.ts';
import type { RateLimit } from '#server/config/rate-limits.ts';
import { stateOf } from '#server/rate-limit/memory-store.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { equalLimits } from '#tests/rate-limit/equal-limits.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const small = { points: 5, windowSeconds: 60 };
const large = { points: 10_000, windowSeconds: 60 };

/** Starts rate-limit clients on one rate-limit server and records the messages that they send. */
function startWorkers(count: number, limit: RateLimit) {
  const sent: Charge[][] = [];
  const workers: RateLimitClient[] = [];
  const charge = createRateLimitServer(equalLimits(limit));
  for (let index = 0; index < count; index += 1) {
    workers.push(
      createRateLimitClient(async (charges) => {
        sent.push(charges);
        return charge(charges);
      }),
    );
  }
  const call = async (worker: number, bucket = 'a') => {
    const result = await workers[worker]?.charge('light', bucket);
    return result && stateOf(result, limit);
  };
  return { sent, workers, call };
}

/** Calls sequentially, `most` times or until a call is rejected. Returns the number of allowed calls. */
async function callUntilRejected(call: () => Promise<{ allowed: boolean } | undefined>, most: number) {
  for (let count = 0; count < most; count += 1) if (!(await call())?.allowed) return count;
  return most;
}

describe('the rate-limit client of a worker', () => {
  test('sends the charges of one event-loop turn in one message, with one entry per bucket', async () => {
    const { sent, workers } = startWorkers(1, small);
    const [charge] = workers.map((worker) => worker.charge);
    if (!charge) throw new Error('there is no worker');
    const first = [charge('light', 'a'), charge('light', 'b'), charge('light', 'a'), charge('mail', 'a')];
    const charged = await Promise.all(first);
    await new Promise(setImmediate);
    expect(sent).toEqual([
      [
        ['light', 'a', 2],
        ['light', 'b', 1],
        ['mail', 'a', 1],
      ],
    ]);
    expect(charged.map((each) => each?.consumed)).toEqual([1, 1, 2, 1]);
    expect((await charge('light', 'a'))?.consumed).toBe(3);
    expect(sent).toHaveLength(2);
  });

  test('returns the same state for each batched charge as for separate charges, even across the limit', async () => {
    const { call } = startWorkers(1, small);
    const states = await Promise.all(Array.from({ length: 7 }, () => call(0)));
    expect(states.map((each) => each?.allowed)).toEqual([true, true, true, true, true, false, false]);
    expect(states.map((each) => each?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0]);
  });

  test('returns undefined when the primary does not reply, so that the worker counts on its own', async () => {
    const { charge } = createRateLimitClient(async () => undefined);
    expect(await Promise.all([charge('light', 'a'), charge('mail', 'b')])).toEqual([undefined, undefined]);
  });

  test('rejects charges to an empty bucket without a message until its window ends', async () => {
    const { sent, call } = startWorkers(1, { points: 2, windowSeconds: 1 });
    expect(await callUntilRejected(() => call(0), 10)).toBe(2);
    const messagesBefore = sent.length;
    expect(await call(0)).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 1 });
    expect(sent).toHaveLength(messagesBefore);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await call(0)).toMatchObject({ allowed: true, remaining: 1 });
  });
});

describe('the end of the window of an empty bucket', () => {
  fakeClocks();

  test('is counted from the request, so that it is never later than at the primary', async () => {
    let sent = 0;
    const { charge } = createRateLimitClient(async () => {
      sent += 1;
      // The primary replies late.
      advance(400);
      return [{ consumed: 9, msBeforeNext: 1_000, isExhausted: true }];
    });
    await charge('light', 'a');
    advance(599);
    expect(await charge('light', 'a')).toEqual({ consumed: 9, msBeforeNext: 1 });
    expect(sent).toBe(1);
    advance(1);
    await charge('light', 'a');
    expect(sent).toBe(2);
  });

  test('concerns no other bucket and no other limit', async () => {
    const sent: Charge[][] = [];
    const { charge } = createRateLimitClient(async (charges) => {
      sent.push(charges);
      return charges.map(() => ({ consumed: 9, msBeforeNext: 1_000, isExhausted: true }));
    });
    await charge('light', 'a');
    await Promise.all([charge('light', 'a'), charge('light', 'b'), charge('mail', 'a')]);
    expect(sent[1]).toEqual([
      ['light', 'b', 1],
      ['mail', 'a', 1],
    ]);
  });
});

test('charges that arrive while a message is on its way go into the next one', async () => {
  const sent: Charge[][] = [];
  const replies: (() => void)[] = [];
  const { charge } = createRateLimitClient(async (charges) => {
    sent.push(charges);
    await new Promise<void>((resolve) => replies.push(resolve));
    return charges.map(([, , points]) => ({ consumed: points, msBeforeNext: 1_000, isExhausted: false }));
  });
  const first = charge('light', 'a');
  await expect.poll(() => sent.length).toBe(1);
  const second = charge('light', 'a');
  await expect.poll(() => sent.length).toBe(2);
  replies[1]?.();
  expect((await second)?.consumed).toBe(1);
  replies[0]?.();
  expect((await first)?.consumed).toBe(1);
});

test.each([
  ['nonsense', 'no'],
  ['too few results', [{ consumed: 1, msBeforeNext: 1_000, isExhausted: false }]],
])('of a reply with %s only usable results count', async (_, reply) => {
  const { charge } = createRateLimitClient(async () => reply);
  const results = await Promise.all([charge('light', 'a'), charge('light', 'b')]);
  expect(results[1]).toBeUndefined();
});

test('the workers together use exactly the limit under concurrent calls', async () => {
  const { call } = startWorkers(4, large);
  const eager = (worker: number) => callUntilRejected(() => call(worker), large.points);
  const allowed = await Promise.all(Array.from({ length: 64 }, (_, at) => eager(at % 4)));
  expect(allowed.reduce((sum, each) => sum + each)).toBe(large.points);
});

describe('rate limiters of two workers', () => {
  const rateLimits = equalLimits(small);
  const chargeTwelve = async (workers: RateLimitClient[]) => {
    const limiters = workers.map((coordinator) => createRateLimiter({ rateLimits, coordinator }));
    const states = limiters.flatMap((limiter) =>
      Array.from({ length: 6 }, () => limiter.charge('light', 'a')),
    );
    return (await Promise.all(states)).filter(({ allowed }) => allowed).length;
  };

  test('together allow as many calls as one limiter', async () => {
    expect(await chargeTwelve(startWorkers(2, small).workers)).toBe(small.points);
  });

  test('count separately when the primary does not reply', async () => {
    const silent = () => createRateLimitClient(async () => undefined);
    expect(await chargeTwelve([silent(), silent()])).toBe(2 * small.points);
  });
});
