import { describe, expect, test } from 'vitest';
import {
  barsOf,
  linePath,
  percentOf,
  roundTicks,
  runsOf,
  scaleOf,
} from '#app/(interactive)/weather/scale.ts';

describe('the ticks of an axis', () => {
  test.each<[(number | null)[], Parameters<typeof roundTicks>[1], number[]]>([
    [[2.4, 9.8], { steps: 4 }, [2, 4, 6, 8, 10]],
    [[-7.2, 3.1], { steps: 4 }, [-10, -5, 0, 5]],
    [[12, null, 12.3], { steps: 4 }, [12, 13]],
    [[3.3, 27], { include: [0], steps: 2 }, [0, 20, 40]],
    [[0, 0.31], { include: [0], steps: 2, smallestStep: 0.02 }, [0, 0.2, 0.4]],
    [[0, 0], { include: [0], steps: 2, smallestStep: 0.5 }, [0, 0.5]],
    [[0.1, 0.7], { include: [0], steps: 3, smallestStep: 0.1 }, [0, 0.5, 1]],
    [[], {}, [0, 1]],
    [[null], { include: [0], steps: 2 }, [0, 1]],
    [[1013], {}, [1013, 1014]],
  ])('of %j are round and contain all values', (values, options, ticks) => {
    expect(roundTicks(values, options)).toEqual(ticks);
  });

  test('are at most two more than the wanted steps, for any range', () => {
    for (let low = -40; low < 40; low += 7.3) {
      for (let range = 0.1; range < 90; range *= 1.7) {
        const ticks = roundTicks([low, low + range], { steps: 4 });
        expect(ticks.length).toBeLessThanOrEqual(6);
        expect(ticks[0]).toBeLessThanOrEqual(low);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(low + range);
      }
    }
  });
});

test('a scale maps the first tick to the bottom and the last to the top', () => {
  const y = scaleOf([-10, -5, 0, 5], [20, 170]);
  expect([-10, 5, 0].map(y)).toEqual([170, 20, 70]);
});

test('a line has a gap at a missing value', () => {
  expect(linePath([1, 2, null, 3, null], (value) => value * 10)).toBe('M0 10L1 20M3 30');
});

test('bars leave out zeros and missing values', () => {
  expect(barsOf([0, null, 25], scaleOf([0, 50, 100], [0, 40]))).toEqual([{ index: 2, top: 30, height: 10 }]);
});

test('runs join neighbours', () => {
  expect(runsOf([true, true, false, true])).toEqual([
    [0, 1],
    [3, 3],
  ]);
  expect(runsOf([])).toEqual([]);
});

test('a percentage of a range without a width is 0', () => {
  expect([percentOf(5, [0, 20]), percentOf(7, [7, 7])]).toEqual([25, 0]);
});
