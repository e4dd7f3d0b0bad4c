import { describe, expect, test } from 'vitest';
import type { Charge } from '#server/cluster/ipc-messages.ts';
import { createRateLimitClient, type RateLimitClient } from '#server/cluster/rate-limit-client.ts';
import { createRateLimitServer } from '#server/cluster/rate-limit-server.ts';
import type { RateLimit } from '#server/config/rate-limits.ts';
import { stateOf } from '#server/rate-limit/memory-store.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';

const small = { points: 5, windowSeconds: 60 };
const large = { points: 10_000, windowSeconds: 60 };

const same = (limit: RateLimit) => ({
  light: limit,
  upstream: limit,
  mail: limit,
  mailSender: limit,
  mailSite: limit,
});

/** Starts rate-limit clients on one rate-limit server and records the messages that they send. */
function startWorkers(count: number, limit: RateLimit) {
  const sent: Charge[][] = [];
  const workers: RateLimitClient[] = [];
  const charge = createRateLimitServer<number>(same(limit), async (holders, name, bucket) => {
    const returned = await Promise.all(holders.map((holder) => workers[holder]?.returnLease(name, bucket)));
    return returned.reduce((sum: number, each = 0) => sum + each, 0);
  });
  for (let index = 0; index < count; index += 1) {
    workers.push(
      createRateLimitClient((charges) => {
        sent.push(charges);
        return charge(index, charges);
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
    expect(sent).toEqual([
      [
        ['light', 'a', 2, 0],
        ['light', 'b', 1, 0],
        ['mail', 'a', 1, 0],
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

describe('a lease', () => {
  test('saves messages for a bucket that is charged frequently and has many points left', async () => {
    const { sent, call } = startWorkers(1, large);
    const remaining: (number | undefined)[] = [];
    for (let calls = 0; calls < 2_000; calls += 1) remaining.push((await call(0))?.remaining);
    expect(remaining).toEqual(Array.from({ length: 2_000 }, (_, at) => large.points - 1 - at));
    expect(sent.length).toBeLessThan(50);
  });

  test('is not granted for a small bucket', async () => {
    const { sent, call } = startWorkers(1, { points: 60, windowSeconds: 60 });
    for (let calls = 0; calls < 40; calls += 1) await call(0);
    expect(sent).toHaveLength(40);
  });

  test('does not take points from other workers: together they use exactly the limit', async () => {
    const { call, sent } = startWorkers(3, large);
    // Worker 2 stops with an unused part of its lease.
    const early = (
      await Promise.all([callUntilRejected(() => call(0), 3_000), callUntilRejected(() => call(2), 1_234)])
    ).reduce((sum, each) => sum + each);
    const late = await Promise.all([
      callUntilRejected(() => call(0), large.points),
      callUntilRejected(() => call(1), large.points),
    ]);
    expect(early + late.reduce((sum, each) => sum + each)).toBe(large.points);
    expect(await Promise.all([0, 1, 2].map(async (worker) => (await call(worker))?.allowed))).toEqual([
      false,
      false,
      false,
    ]);
    expect(sent.length).toBeLessThan(large.points / 10);
  });

  test('keeps the limit exact under concurrent calls of all workers', async () => {
    const { call } = startWorkers(4, large);
    const eager = (worker: number) => callUntilRejected(() => call(worker), large.points);
    const allowed = await Promise.all(Array.from({ length: 64 }, (_, at) => eager(at % 4)));
    expect(allowed.reduce((sum, each) => sum + each)).toBe(large.points);
  });

  test('ends with its window and is granted again in the next one', async () => {
    const { call, sent, workers } = startWorkers(1, { points: 10_000, windowSeconds: 2 });
    for (let calls = 0; calls < 100; calls += 1) await call(0);
    const messagesBefore = sent.length;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await workers[0]?.returnLease('light', 'a')).toBe(0);
    for (let calls = 1; calls <= 100; calls += 1) expect((await call(0))?.remaining).toBe(10_000 - calls);
    expect(sent.length - messagesBefore).toBeLessThan(50);
  });
});

describe('rate limiters of two workers', () => {
  const rateLimits = same(small);
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
