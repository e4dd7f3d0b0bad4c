import { describe, expect, test } from 'vitest';
import { createCharges } from '#server/cluster/charges.ts';
import type { Charge } from '#server/cluster/messages.ts';
import { createRestartPause } from '#server/cluster/restart-pause.ts';
import { createSharedState } from '#server/cluster/shared-state.ts';
import { limits } from '#server/limits.ts';
import { stateOf } from '#server/rate-limit/limiter.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';

const limit = { points: 5, windowSeconds: 60 };
const state = () =>
  createSharedState({ light: limit, upstream: limit, mail: limit, mailSender: limit, mailSite: limit });

describe('charges of a worker', () => {
  test('of one turn go in one message, those to one bucket as one', async () => {
    const sent: Charge[][] = [];
    const { charge: answer } = state();
    const charge = createCharges((charges) => {
      sent.push(charges);
      return answer(charges);
    });
    const first = [charge('light', 'a'), charge('light', 'b'), charge('light', 'a'), charge('mail', 'a')];
    const charged = await Promise.all(first);
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

  test('are each as if they had come alone, also across the limit', async () => {
    const { charge: answer } = state();
    const charge = createCharges(answer);
    const charged = await Promise.all(Array.from({ length: 7 }, () => charge('light', 'a')));
    const states = charged.map((each) => each && stateOf(each, limit));
    expect(states.map((each) => each?.allowed)).toEqual([true, true, true, true, true, false, false]);
    expect(states.map((each) => each?.remaining)).toEqual([4, 3, 2, 1, 0, 0, 0]);
  });

  test('without an answer are nobody’s: the worker counts by itself', async () => {
    const charge = createCharges(async () => undefined);
    expect(await Promise.all([charge('light', 'a'), charge('mail', 'b')])).toEqual([undefined, undefined]);
  });
});

describe('limiters of two workers', () => {
  const rateLimits = { light: limit, upstream: limit, mail: limit, mailSender: limit, mailSite: limit };
  const chargeTwelve = async (answer: (charges: Charge[]) => Promise<unknown>) => {
    const limiters = [1, 2].map(() =>
      createRateLimiter({ rateLimits, machine: { charge: createCharges(answer) } }),
    );
    const states = limiters.flatMap((limiter) =>
      Array.from({ length: 6 }, () => limiter.charge('light', 'a')),
    );
    return (await Promise.all(states)).filter(({ allowed }) => allowed).length;
  };

  test('let through what one would', async () => {
    expect(await chargeTwelve(state().charge)).toBe(limit.points);
  });

  test('count each by itself when the primary does not answer', async () => {
    expect(await chargeTwelve(async () => undefined)).toBe(2 * limit.points);
  });
});

test('a name is kept once, and its first value stays', () => {
  const { keep, kept } = state();
  expect(keep('signature', 'a', 'one')).toBeUndefined();
  expect(keep('signature', 'a', 'two')).toBe('one');
  expect(kept('signature', 'a')).toBe('one');
  expect(kept('pretended', 'a')).toBeUndefined();
});

test('a worker is replaced at once, and later and later when each ends soon after its start', () => {
  const { restartPause, restartPauseCap, stableAfter } = limits.cluster;
  const pauseAfter = createRestartPause();
  expect(Array.from({ length: 8 }, () => pauseAfter(0))).toEqual([
    0,
    restartPause,
    2 * restartPause,
    4 * restartPause,
    8 * restartPause,
    16 * restartPause,
    restartPauseCap,
    restartPauseCap,
  ]);
  expect(pauseAfter(stableAfter)).toBe(0);
  expect(pauseAfter(0)).toBe(restartPause);
});
