import { describe, expect, test } from 'vitest';
import { forecastInput, forecastOutput, placesInput } from '#server/weather/schema.ts';
import { emptyResponse, forecastFrom } from './support.ts';

const here = { lat: 10, lng: 20 };
const parsed = (input: object) => forecastInput.safeParse(input).data;

describe('the input of a forecast', () => {
  test('is a place; by default for seven days in metric units', () => {
    expect(parsed(here)).toEqual({ ...here, days: 7, units: 'metric' });
  });

  test.each([
    { lat: -90 },
    { lat: 90 },
    { lng: -180 },
    { lng: 180 },
    { days: 1 },
    { days: 16 },
    { units: 'imperial' },
  ])('can have %j', (field) => {
    expect(parsed({ ...here, ...field })).toMatchObject(field);
  });

  test.each([
    { lat: -90.01 },
    { lat: 90.01 },
    { lat: Number.NaN },
    { lat: '10' },
    { lng: -180.01 },
    { lng: 180.01 },
    { lng: undefined },
    { days: 0 },
    { days: 17 },
    { days: 1.5 },
    { units: 'kelvin' },
    { other: 1 },
  ])('cannot have %j', (field) => {
    expect(parsed({ ...here, ...field })).toBeUndefined();
  });
});

describe('the input of a search for places', () => {
  test.each([
    [{ name: 'B' }, { name: 'B', count: 8 }],
    [
      { name: ' Berlin ', count: 1 },
      { name: 'Berlin', count: 1 },
    ],
    [
      { name: 'B', count: 20 },
      { name: 'B', count: 20 },
    ],
    [{ name: 'x'.repeat(100) }, { name: 'x'.repeat(100), count: 8 }],
    [
      { name: 'B', language: 'de' },
      { name: 'B', count: 8, language: 'de' },
    ],
  ])('%j is read as %j', (input, expected) => {
    expect(placesInput.parse(input)).toEqual({ language: 'en', ...expected });
  });

  test.each([
    {},
    { name: '' },
    { name: ' ' },
    { name: 'x'.repeat(101) },
    { name: 'B', count: 0 },
    { name: 'B', count: 21 },
    { name: 'B', count: 1.5 },
    { name: 'B', language: 'DE' },
    { name: 'B', language: 'xx' },
    { name: 'B', other: 1 },
  ])('%j is rejected', (input) => {
    expect(placesInput.safeParse(input).success).toBe(false);
  });
});

test('the dates of an output are copies, so that a caller cannot change those in the cache', async () => {
  const forecast = await forecastFrom({ ...emptyResponse(), current: { time: '2026-06-01T10:00' } });
  const copy = forecastOutput.parse(forecast);
  copy.current?.time.setTime(0);
  copy.source.fetchedAt.setTime(0);
  expect(forecast.current?.time).toEqual(new Date('2026-06-01T10:00Z'));
  expect(forecast.source.fetchedAt.getTime()).toBeGreaterThan(0);
});
