import { expect, test } from 'vitest';
import { emptyResponse, forecastFrom } from './support.ts';

test('an unknown code is kept without a description, and a value that is not a code becomes null', async () => {
  const codes = [0, 99, 42, -1, 2.5, 100];
  const { hourly } = await forecastFrom({
    ...emptyResponse(),
    hourly: { time: codes.map((_, hour) => `2026-06-01T0${hour}:00`), weather_code: codes },
  });
  expect(hourly.map(({ weatherCode, summary }) => [weatherCode, summary])).toEqual([
    [0, 'Clear sky'],
    [99, 'Thunderstorm with hail'],
    [42, null],
    [-1, null],
    [null, null],
    [100, null],
  ]);
});

test('every WMO code that Open-Meteo uses has a description', async () => {
  const codes = [
    0, 1, 2, 3, 45, 48, 51, 53, 55, 56, 57, 61, 63, 65, 66, 67, 71, 73, 75, 77, 80, 81, 82, 85, 86, 95, 96,
    99,
  ];
  const { hourly } = await forecastFrom({
    ...emptyResponse(),
    hourly: { time: codes.map(() => '2026-06-01T00:00'), weather_code: codes },
  });
  for (const { weatherCode, summary } of hourly)
    expect(summary, String(weatherCode)).toMatch(/^[A-Z][a-z ]+$/);
  expect(new Set(hourly.map(({ summary }) => summary)).size).toBe(codes.length);
});
