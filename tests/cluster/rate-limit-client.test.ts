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

/** Workers of one machine, and what they have said. */
function startWorkers(count: number, limit: RateLimit) {
  const sent: Charge[][] = [];
  const workers: RateLimitClient[] = [];
  const charge = createRateLimitServer<number>(same(limit), async (holders, name, bucket) => {
    const given = await Promise.all(holders.map((holder) => workers[holder]?.returnLease(name, bucket)));
    return given.reduce((sum: number, each = 0) => sum + each, 0);
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
    const charged = await workers[worker]?.charge('light', bucket);
    return charged && stateOf(charged, limit);
  };
  return { sent, workers, call };
}

/** Calls one after the other, until so many were made or one is refused. */
async function callUntilRefused(call: () => Promise<{ allowed: boolean } | undefined>, most: number) {
  for (let fine = 0; fine < most; fine += 1) if (!(await call())?.allowed) return fine;
  return most;
}

describe('charges of a worker', () => {
  test('of one turn go in one message, those to one bucket as one', async () => {
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

  test('are each as if they had come alone, also across the limit', async () => {
    const { call } = startWorkers(1, small);
    const states = await Promise.all(Array.from({ length: 7 }, () => call(0)));
    expect(states.map((each) => each?.allowed)).toEqual([true, true, true, true, true, false, false]);
    expect(states.map((each) => each?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0]);
  });

  test('without an answer are nobody’s: the worker counts by itself', async () => {
    const { charge } = createRateLimitClient(async () => undefined);
    expect(await Promise.all([charge('light', 'a'), charge('mail', 'b')])).toEqual([undefined, undefined]);
  });

  test('to a bucket that is spent are refused without a message, until its window ends', async () => {
    const { sent, call } = startWorkers(1, { points: 2, windowSeconds: 1 });
    expect(await callUntilRefused(() => call(0), 10)).toBe(2);
    const asked = sent.length;
    expect(await call(0)).toMatchObject({ allowed: false, remaining: 0, resetSeconds: 1 });
    expect(sent).toHaveLength(asked);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await call(0)).toMatchObject({ allowed: true, remaining: 1 });
  });
});

describe('calls ahead', () => {
  test('are for a bucket that is charged all the time and has plenty left', async () => {
    const { sent, call } = startWorkers(1, large);
    const remaining: (number | undefined)[] = [];
    for (let calls = 0; calls < 2_000; calls += 1) remaining.push((await call(0))?.remaining);
    expect(remaining).toEqual(Array.from({ length: 2_000 }, (_, at) => large.points - 1 - at));
    expect(sent.length).toBeLessThan(50);
  });

  test('are none of a small one', async () => {
    const { sent, call } = startWorkers(1, { points: 60, windowSeconds: 60 });
    for (let calls = 0; calls < 40; calls += 1) await call(0);
    expect(sent).toHaveLength(40);
  });

  test('are not lost to others: the limit is what it is', async () => {
    const { call, sent } = startWorkers(3, large);
    // The last one stops with some left.
    const early = (
      await Promise.all([callUntilRefused(() => call(0), 3_000), callUntilRefused(() => call(2), 1_234)])
    ).reduce((sum, each) => sum + each);
    const late = await Promise.all([
      callUntilRefused(() => call(0), large.points),
      callUntilRefused(() => call(1), large.points),
    ]);
    expect(early + late.reduce((sum, each) => sum + each)).toBe(large.points);
    expect(await Promise.all([0, 1, 2].map(async (worker) => (await call(worker))?.allowed))).toEqual([
      false,
      false,
      false,
    ]);
    expect(sent.length).toBeLessThan(large.points / 10);
  });

  test('also when all workers are at it, many calls at a time', async () => {
    const { call } = startWorkers(4, large);
    const eager = (worker: number) => callUntilRefused(() => call(worker), large.points);
    const fine = await Promise.all(Array.from({ length: 64 }, (_, at) => eager(at % 4)));
    expect(fine.reduce((sum, each) => sum + each)).toBe(large.points);
  });

  test('end with their window, and come again', async () => {
    const { call, sent, workers } = startWorkers(1, { points: 10_000, windowSeconds: 2 });
    for (let calls = 0; calls < 100; calls += 1) await call(0);
    const asked = sent.length;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await workers[0]?.returnLease('light', 'a')).toBe(0);
    for (let calls = 1; calls <= 100; calls += 1) expect((await call(0))?.remaining).toBe(10_000 - calls);
    expect(sent.length - asked).toBeLessThan(50);
  });
});

describe('limiters of two workers', () => {
  const rateLimits = same(small);
  const chargeTwelve = async (workers: RateLimitClient[]) => {
    const limiters = workers.map((machine) => createRateLimiter({ rateLimits, machine }));
    const states = limiters.flatMap((limiter) =>
      Array.from({ length: 6 }, () => limiter.charge('light', 'a')),
    );
    return (await Promise.all(states)).filter(({ allowed }) => allowed).length;
  };

  test('let through what one would', async () => {
    expect(await chargeTwelve(startWorkers(2, small).workers)).toBe(small.points);
  });

  test('count each by itself when the primary does not answer', async () => {
    const silent = () => createRateLimitClient(async () => undefined);
    expect(await chargeTwelve([silent(), silent()])).toBe(2 * small.points);
  });
});
