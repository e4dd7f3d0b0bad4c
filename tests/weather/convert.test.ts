import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { Forecast } from '#server/weather/schema.ts';
import { at, recording } from '#tests/upstreams/form.ts';
import { instantOf, recordingNames, rowsOf } from './recordings.ts';
import { forecastFrom, somewhere, weatherFrom } from './support.ts';

test('every recording is under test', () => {
  expect(recordingNames()).toEqual([
    'copenhagen',
    'error-400',
    'geocoding-berlin',
    'geocoding-nothing',
    'toronto-imperial',
  ]);
});

describe.each(['copenhagen', 'toronto-imperial'])('%s, as recorded', (name) => {
  const recorded = recording(name);
  const forecast = (): Promise<Forecast> => forecastFrom(recorded);

  test('hour by hour', async () => {
    const rows = rowsOf(recorded, 'hourly');
    expect(rows.length).toBeGreaterThanOrEqual(168);
    const { hourly } = await forecast();
    expect(hourly.map(({ summary: _, ...row }) => row)).toEqual(
      rows.map((row) => ({
        time: instantOf(recorded, row.time),
        temperature: row.temperature_2m ?? null,
        precipitation: row.precipitation ?? null,
        precipitationProbability: row.precipitation_probability ?? null,
        windSpeed: row.wind_speed_10m ?? null,
        weatherCode: row.weather_code ?? null,
        isDay: row.is_day === undefined ? null : row.is_day === 1,
      })),
    );
    expect(hourly.filter(({ summary }) => summary === null)).toEqual([]);
  });

  test('day by day', async () => {
    const rows = rowsOf(recorded, 'daily');
    expect(rows.length).toBeGreaterThanOrEqual(7);
    const { daily } = await forecast();
    expect(daily.map(({ summary: _, ...row }) => row)).toEqual(
      rows.map((row) => ({
        date: row.time,
        temperatureMin: row.temperature_2m_min,
        temperatureMax: row.temperature_2m_max,
        precipitationSum: row.precipitation_sum,
        weatherCode: row.weather_code,
        sunrise: instantOf(recorded, row.sunrise),
        sunset: instantOf(recorded, row.sunset),
      })),
    );
    expect(daily.filter(({ summary }) => summary === null)).toEqual([]);
    for (const { sunrise, sunset } of daily) expect(Number(sunset)).toBeGreaterThan(Number(sunrise));
  });

  test('now, and where', async () => {
    const now = Object(at(recorded, 'current'));
    const { current, location, source, attribution } = await forecast();
    expect(current).toEqual({
      time: instantOf(recorded, now.time),
      temperature: now.temperature_2m ?? null,
      apparentTemperature: now.apparent_temperature ?? null,
      relativeHumidity: now.relative_humidity_2m ?? null,
      precipitation: now.precipitation ?? null,
      windSpeed: now.wind_speed_10m ?? null,
      windDirection: now.wind_direction_10m ?? null,
      weatherCode: now.weather_code ?? null,
      summary: expect.any(String),
      isDay: now.is_day === undefined ? null : now.is_day === 1,
    });
    // The place that was asked for, not the grid cell that the answer names.
    expect(location).toEqual({
      lat: somewhere.lat,
      lng: somewhere.lng,
      timezone: at(recorded, 'timezone'),
      utcOffsetSeconds: at(recorded, 'utc_offset_seconds'),
      elevation: at(recorded, 'elevation'),
    });
    expect(source).toMatchObject({ provider: 'Open-Meteo', synthetic: false, cache: 'miss', ageSeconds: 0 });
    expect(attribution.text).toContain('Open-Meteo');
  });
});

describe('Toronto, in the week of a clock change', () => {
  const toronto = () => forecastFrom(recording('toronto-imperial'));

  test('the hour that the zone skips is 07:00Z, and no hour is lost or doubled', async () => {
    const { hourly } = await toronto();
    expect(hourly).toHaveLength(192);
    const skipped = rowsOf(recording('toronto-imperial'), 'hourly').findIndex(
      ({ time }) => time === '2026-03-08T02:00',
    );
    expect(skipped).toBe(98);
    expect(hourly[skipped]?.time).toEqual(new Date('2026-03-08T07:00:00Z'));
    const steps = hourly.slice(1).map(({ time }, index) => Number(time) - Number(hourly[index]?.time));
    expect(steps).toHaveLength(191);
    expect(new Set(steps)).toEqual(new Set([3_600_000]));
  });

  test('imperial units, mp/h in the usual spelling', async () => {
    expect((await toronto()).units).toEqual({ temperature: '°F', windSpeed: 'mph', precipitation: 'inch' });
  });

  test('without is_day it is not said whether it is day', async () => {
    const { hourly, current } = await toronto();
    expect(new Set(hourly.map(({ isDay }) => isDay))).toEqual(new Set([null]));
    expect(current?.isDay).toBeNull();
  });
});

test('Copenhagen has no hourly precipitation: null in every hour, and the unit comes from elsewhere', async () => {
  const { hourly, units } = await forecastFrom(recording('copenhagen'));
  expect(new Set(hourly.map(({ precipitation }) => precipitation))).toEqual(new Set([null]));
  expect(units).toEqual({ temperature: '°C', windSpeed: 'm/s', precipitation: 'mm' });
});

describe('places', () => {
  test('a hit', async () => {
    const weather = await weatherFrom({ places: recording('geocoding-berlin') });
    expect(await weather.places({ name: 'Berlin', count: 1 })).toEqual([
      {
        name: 'Berlin',
        country: 'Germany',
        region: 'Land Berlin',
        lat: 52.52437,
        lng: 13.41053,
        timezone: 'Europe/Berlin',
      },
    ]);
  });

  test('a miss, which has no results key, is an empty list', async () => {
    const weather = await weatherFrom({ places: recording('geocoding-nothing') });
    expect(await weather.places({ name: 'Nowhereville', count: 1 })).toEqual([]);
  });

  test('a place may lack its country, region and timezone', async () => {
    const weather = await weatherFrom({
      places: { results: [{ name: 'Null Island', latitude: 0, longitude: 0, country: null }] },
    });
    expect(await weather.places({ name: 'Null', count: 1 })).toEqual([
      { name: 'Null Island', country: null, region: null, lat: 0, lng: 0, timezone: null },
    ]);
  });
});

test('a refusal is told without its words', async () => {
  const refusal = recording('error-400');
  const weather = await weatherFrom({
    forecast: refusal,
    airQuality: refusal,
    places: refusal,
    status: 400,
  });
  const failures = await Promise.all(
    [weather.forecast(somewhere), weather.places({ name: 'Berlin', count: 1 })].map((call) =>
      call.then(
        () => undefined,
        (error: unknown) => error,
      ),
    ),
  );
  const reason = String(at(refusal, 'reason'));
  expect(reason).toContain('TemperatureUnit');
  for (const failure of failures) {
    if (!(failure instanceof AppError)) throw new Error('the call did not fail as an AppError');
    expect(failure.reason).toBe('upstream_refused');
    const shown = JSON.stringify([
      failure.message,
      failure.publicMessage,
      failure.toData({ path: null, requestId: 'test' }),
    ]);
    expect(shown).not.toContain('TemperatureUnit');
  }
});
