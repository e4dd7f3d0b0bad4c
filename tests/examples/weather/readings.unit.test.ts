import { describe, expect, test } from 'vitest';
import { airQualityLevel } from '#app/(interactive)/weather/air-quality.tsx';
import { chartModelOf } from '#app/(interactive)/weather/chart-model.ts';
import { shownHours } from '#app/(interactive)/weather/forecast-hours.ts';
import { clockOf } from '#app/(interactive)/weather/format.ts';
import { readingOf, sentenceOf } from '#app/(interactive)/weather/hour-reading.ts';
import { formatPrecipitation, withChance } from '#app/(interactive)/weather/precipitation.ts';
import { describeUvIndex } from '#app/(interactive)/weather/uv-index.ts';
import { arrowAngle, describeWind, formatWind } from '#app/(interactive)/weather/wind.tsx';
import { forecasts } from './payloads.ts';
import { emptyResponse, forecastFrom } from './support.ts';

describe('the hours of the page', () => {
  test('are the next 48 and the three before', async () => {
    const { around, next, now, position } = shownHours(await forecastFrom(forecasts.copenhagen));
    // 14:45 in Copenhagen.
    expect(next).toHaveLength(48);
    expect(next[0]?.time).toEqual(new Date('2026-06-10T12:00:00Z'));
    expect(around).toHaveLength(51);
    expect(around[0]?.time).toEqual(new Date('2026-06-10T09:00:00Z'));
    expect(now).toEqual(new Date('2026-06-10T12:45:00Z'));
    expect(position).toBeCloseTo(3.75, 2);
  });

  test('move on with the age of a stale forecast', async () => {
    const forecast = await forecastFrom(forecasts.copenhagen);
    const { next, position } = shownHours({
      ...forecast,
      source: { ...forecast.source, ageSeconds: 5 * 3_600 },
    });
    expect(next[0]?.time).toEqual(new Date('2026-06-10T17:00:00Z'));
    expect(position).toBeCloseTo(3.75, 2);
  });

  test('are as many as there are', async () => {
    const hourly = { time: ['2026-06-01T00:00', '2026-06-01T01:00'] };
    const midnight = await forecastFrom({
      ...emptyResponse(),
      current: { time: '2026-06-01T00:00' },
      hourly,
    });
    expect(shownHours(midnight)).toMatchObject({
      position: 0,
      next: midnight.hourly,
      around: midnight.hourly,
    });
    const past = await forecastFrom({ ...emptyResponse(), current: { time: '2026-06-02T00:00' }, hourly });
    expect(shownHours(past)).toMatchObject({ around: [], next: [], position: 0 });
  });
});

test('the chart spans its hours, and its axes contain all values', async () => {
  const { units, ...forecast } = await forecastFrom(forecasts['toronto-imperial']);
  const { around } = shownHours({ units, ...forecast });
  const { x, lanes } = chartModelOf(around, units);
  expect([x(0), x(around.length - 1)]).toEqual([0, 100]);
  expect(Object.values(lanes).map(({ title }) => title)).toEqual([
    'Temperature, °F',
    'Chance of precipitation, %',
    'Precipitation, inch',
    'Wind, mph',
  ]);
  for (const { temperature, apparentTemperature } of around) {
    for (const value of [temperature, apparentTemperature]) {
      expect(value).toBeGreaterThanOrEqual(lanes.temperature.ticks[0] ?? Number.NaN);
      expect(value).toBeLessThanOrEqual(lanes.temperature.ticks.at(-1) ?? Number.NaN);
    }
  }
});

describe('an hour is read out', () => {
  const clock = clockOf({ timezone: 'America/Toronto', utcOffsetSeconds: -18_000 }, 'h12');

  test('with all its values', async () => {
    const { hourly, units } = await forecastFrom(forecasts['toronto-imperial']);
    const hour = hourly[8];
    if (!hour) throw new Error('the payload has no ninth hour');
    const reading = readingOf(hour, units, clock);
    expect(reading.facts.map(({ term, value }) => `${term}: ${value}`)).toEqual([
      'Temperature: 32.2 °F',
      'Feels like: 23.9 °F',
      'Snow: 0.064 inch melted',
      'Chance: 3 %',
      'Wind: 11.4 mph SW',
    ]);
    expect(sentenceOf(reading)).toBe(
      'Wed 4, 8:00 AM: Snow, temperature 32.2 °F, feels like 23.9 °F, snow 0.064 inch melted, chance 3 %, wind 11.4 mph from the south-west',
    );
  });

  test('with dashes for missing values, and without an apparent temperature that the model lacks', async () => {
    const { hourly, units } = await forecastFrom({
      ...emptyResponse(),
      hourly: { time: ['2026-06-01T12:00'] },
    });
    const [hour] = hourly;
    if (!hour) throw new Error('the payload has no hour');
    const { summary, facts } = readingOf(hour, units, clock);
    expect([summary, ...facts.map(({ term, value }) => `${term}: ${value}`)]).toEqual([
      'Unknown',
      'Temperature: – °C',
      'Precipitation: – mm',
      'Chance: – %',
      'Wind: – km/h',
    ]);
  });
});

test.each([
  [53, 'Drizzle 2 mm'],
  [56, 'Freezing drizzle 2 mm'],
  [65, 'Rain 2 mm'],
  [66, 'Freezing rain 2 mm'],
  [77, 'Snow 2 mm melted'],
  [82, 'Showers 2 mm'],
  [86, 'Snow showers 2 mm melted'],
  [95, 'Thundery rain 2 mm'],
  [99, 'Rain and hail 2 mm'],
  [3, 'Precipitation 2 mm'],
  [null, 'Precipitation 2 mm'],
])('with the weather code %s, precipitation is called %s', (code, text) => {
  expect(formatPrecipitation(2, code, 'mm')).toBe(text);
});

test('no precipitation has no kind, and an unknown chance is omitted', () => {
  expect(formatPrecipitation(0, 71, 'mm')).toBe('0 mm');
  expect(formatPrecipitation(null, 71, 'mm')).toBe('– mm');
  expect([withChance('0 mm', 20), withChance('0 mm', null)]).toEqual(['0 mm, 20 %', '0 mm']);
});

test.each([
  [0, 'N', 'the north', 180],
  [22, 'N', 'the north', 202],
  [23, 'NE', 'the north-east', 203],
  [180, 'S', 'the south', 0],
  [225, 'SW', 'the south-west', 45],
  [338, 'N', 'the north', 158],
  [360, 'N', 'the north', 180],
])('a wind of %i degrees comes from %s', (degrees, short, long, angle) => {
  expect(formatWind(12.5, degrees, 'km/h')).toBe(`12.5 km/h ${short}`);
  expect(describeWind(12.5, degrees, 'km/h')).toBe(`12.5 km/h from ${long}`);
  expect(arrowAngle(degrees)).toBe(angle);
});

test.each([
  [0, 90, '0 km/h'],
  [null, 90, '– km/h'],
  [3, null, '3 km/h'],
])('a wind of %s from %s has no direction', (speed, direction, text) => {
  expect(formatWind(speed, direction, 'km/h')).toBe(text);
  expect(describeWind(speed, direction, 'km/h')).toBe(text);
});

test.each([
  [0, 'Good'],
  [20, 'Good'],
  [21, 'Fair'],
  [60, 'Moderate'],
  [61, 'Poor'],
  [100, 'Very poor'],
  [250, 'Extremely poor'],
])('a European index of %i is %s', (index, name) => {
  expect(airQualityLevel(index)?.name).toBe(name);
});

test.each([
  [null, '–'],
  [0, '0 Low'],
  [2.49, '2 Low'],
  [2.5, '3 Moderate'],
  [7.4, '7 High'],
  [8, '8 Very high'],
  [11.2, '11 Extreme'],
])('a UV index of %s is %s', (index, text) => {
  expect(describeUvIndex(index)).toBe(text);
});
