import { describe, expect, test } from 'vitest';
import { roundCoordinate } from '#server/weather/weather.ts';

describe('coordinates are rounded to two decimals', () => {
  test.each([
    [52.52437, 52.52],
    [13.41053, 13.41],
    [13.405, 13.41],
    [-33.8688, -33.87],
    [0.004, 0],
    [-0.004, 0],
    [-0, 0],
    [90, 90],
    [-90, -90],
    [179.999, 180],
    [-179.999, -180],
    [180, 180],
    [-180, -180],
    [1e-7, 0],
  ])('%d to %d', (degrees, rounded) => {
    // toBe distinguishes 0 from -0.
    expect(roundCoordinate(degrees)).toBe(rounded);
  });
});
