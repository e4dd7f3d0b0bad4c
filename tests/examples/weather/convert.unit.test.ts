import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { Forecast } from '#server/weather/schema.ts';
import { errorResponse, forecasts, munich, noPlace, withoutBlock } from '#tests/examples/weather/payloads.ts';
import { at } from '#tests/upstreams/at.ts';
import { instantOf, rowsOf } from './payload-rows.ts';
import { forecastFrom, somewhere, weatherFrom } from './support.ts';

describe.each(Object.entries(forecasts))('%s', (_, payload) => {
  const forecast = (): Promise<Forecast> => forecastFrom(payload);

  test('converts every hour', async () => {
    const rows = rowsOf(payload, 'hourly');
    expect(rows.length).toBeGreaterThanOrEqual(168);
    const { hourly } = await forecast();
    expect(hourly.map(({ summary: _, ...row }) => row)).toEqual(
      rows.map((row) => ({
        time: instantOf(payload, row.time),
        temperature: row.temperature_2m ?? null,
        apparentTemperature: row.apparent_temperature ?? null,
        precipitation: row.precipitation ?? null,
        precipitationProbability: row.precipitation_probability ?? null,
        windSpeed: row.wind_speed_10m ?? null,
        windDirection: row.wind_direction_10m ?? null,
        weatherCode: row.weather_code ?? null,
        isDay: typeof row.is_day === 'number' ? row.is_day === 1 : null,
      })),
    );
    expect(
      hourly.filter(({ summary, weatherCode }) => (summary === null) !== (weatherCode === null)),
    ).toEqual([]);
  });

  test('converts every day', async () => {
    const rows = rowsOf(payload, 'daily');
    expect(rows.length).toBeGreaterThanOrEqual(7);
    const { daily } = await forecast();
    expect(daily.map(({ summary: _, ...row }) => row)).toEqual(
      rows.map((row) => ({
        date: row.time,
        temperatureMin: row.temperature_2m_min,
        temperatureMax: row.temperature_2m_max,
        precipitationSum: row.precipitation_sum,
        precipitationProbabilityMax: row.precipitation_probability_max,
        uvIndexMax: row.uv_index_max ?? null,
        weatherCode: row.weather_code,
        sunrise: instantOf(payload, row.sunrise),
        sunset: instantOf(payload, row.sunset),
        daylight: 'normal',
      })),
    );
    expect(daily.filter(({ summary, weatherCode }) => (summary === null) !== (weatherCode === null))).toEqual(
      [],
    );
    for (const { sunrise, sunset } of daily) expect(Number(sunset)).toBeGreaterThan(Number(sunrise));
  });

  test('converts the current weather and the location', async () => {
    const now = Object(at(payload, 'current'));
    const { current, location, source, attribution } = await forecast();
    expect(current).toEqual({
      time: instantOf(payload, now.time),
      temperature: now.temperature_2m ?? null,
      apparentTemperature: now.apparent_temperature ?? null,
      relativeHumidity: now.relative_humidity_2m ?? null,
      precipitation: now.precipitation ?? null,
      windSpeed: now.wind_speed_10m ?? null,
      windDirection: now.wind_direction_10m ?? null,
      weatherCode: now.weather_code ?? null,
      summary: expect.any(String),
      isDay: typeof now.is_day === 'number' ? now.is_day === 1 : null,
    });
    // The requested place, not the grid cell in the response.
    expect(location).toEqual({
      lat: somewhere.lat,
      lng: somewhere.lng,
      timezone: at(payload, 'timezone'),
      utcOffsetSeconds: at(payload, 'utc_offset_seconds'),
      elevation: at(payload, 'elevation'),
    });
    expect(source).toMatchObject({ provider: 'Open-Meteo', synthetic: false, cache: 'miss', ageSeconds: 0 });
    expect(attribution.text).toContain('Open-Meteo');
  });
});

describe('Toronto, in the week of a clock change', () => {
  const toronto = () => forecastFrom(forecasts['toronto-imperial']);

  test('the hour that the time zone skips is 07:00Z, and no hour is missing or duplicated', async () => {
    const { hourly } = await toronto();
    expect(hourly).toHaveLength(192);
    const skipped = rowsOf(forecasts['toronto-imperial'], 'hourly').findIndex(
      ({ time }) => time === '2026-03-08T02:00',
    );
    expect(skipped).toBe(98);
    expect(hourly[skipped]?.time).toEqual(new Date('2026-03-08T07:00:00Z'));
    const steps = hourly.slice(1).map(({ time }, index) => Number(time) - Number(hourly[index]?.time));
    expect(steps).toHaveLength(191);
    expect(new Set(steps)).toEqual(new Set([3_600_000]));
  });

  test('units are imperial, with mp/h normalised to mph', async () => {
    expect((await toronto()).units).toEqual({ temperature: '°F', windSpeed: 'mph', precipitation: 'inch' });
  });

  test('isDay is null without is_day', async () => {
    const { hourly, current } = await toronto();
    expect(new Set(hourly.map(({ isDay }) => isDay))).toEqual(new Set([null]));
    expect(current?.isDay).toBeNull();
  });
});

test('without hourly precipitation it is null in every hour, and its unit comes from another block', async () => {
  const { hourly, units } = await forecastFrom(forecasts.copenhagen);
  expect(new Set(hourly.map(({ precipitation }) => precipitation))).toEqual(new Set([null]));
  expect(units).toEqual({ temperature: '°C', windSpeed: 'm/s', precipitation: 'mm' });
});

describe('Copenhagen with gaps', () => {
  const gaps = () => forecastFrom(forecasts['copenhagen-with-gaps']);

  test('single nulls stay null, and zeros stay zero', async () => {
    const { current, hourly, daily } = await gaps();
    const missing = (values: readonly unknown[]) =>
      values.flatMap((value, index) => (value === null ? [index] : []));
    expect(missing(hourly.map(({ temperature }) => temperature))).toEqual([0, 30, 167]);
    expect(hourly[1]?.temperature).toBe(0);
    expect(missing(hourly.map(({ weatherCode }) => weatherCode))).toEqual([2]);
    expect(missing(hourly.map(({ summary }) => summary))).toEqual([2]);
    expect(hourly[3]).toMatchObject({ weatherCode: 0, summary: 'Clear sky' });
    expect(missing(hourly.map(({ isDay }) => isDay))).toEqual([12]);
    expect(hourly[13]?.isDay).toBe(false);
    expect(missing(daily.map(({ temperatureMin }) => temperatureMin))).toEqual([6]);
    expect(daily[5]?.temperatureMin).toBe(0);
    expect(missing(daily.map(({ summary }) => summary))).toEqual([6]);
    expect(current).toMatchObject({ apparentTemperature: null, precipitation: 0 });
  });

  test('a column of nulls is null in every row, and the other values are unaffected', async () => {
    const { hourly, daily, units } = await gaps();
    const whole = await forecastFrom(forecasts.copenhagen);
    expect(new Set(hourly.map(({ precipitationProbability }) => precipitationProbability))).toEqual(
      new Set([null]),
    );
    expect(new Set(daily.map(({ precipitationSum }) => precipitationSum))).toEqual(new Set([null]));
    expect(hourly.map(({ time, windSpeed }) => [time, windSpeed])).toEqual(
      whole.hourly.map(({ time, windSpeed }) => [time, windSpeed]),
    );
    expect(daily.map(({ sunrise, sunset }) => [sunrise, sunset])).toEqual(
      whole.daily.map(({ sunrise, sunset }) => [sunrise, sunset]),
    );
    expect(units).toEqual(whole.units);
  });
});

test.each([
  ['current', null],
  ['hourly', []],
  ['daily', []],
] as const)('without the block %s the rest of the forecast is the same', async (block, empty) => {
  const { source: _, ...whole } = await forecastFrom(forecasts.copenhagen);
  const { source: __, ...rest } = await forecastFrom(withoutBlock(forecasts.copenhagen, block));
  expect(rest).toEqual({ ...whole, [block]: empty });
});

describe('places', () => {
  test('are converted', async () => {
    const weather = await weatherFrom({ places: munich });
    expect(await weather.places({ name: 'Munich', count: 1 })).toEqual([
      {
        name: 'Munich',
        country: 'Germany',
        region: 'Free State of Bavaria',
        lat: 48.1374,
        lng: 11.5755,
        timezone: 'Europe/Berlin',
      },
    ]);
  });

  test('are an empty list if the response has no results key', async () => {
    const weather = await weatherFrom({ places: noPlace });
    expect(await weather.places({ name: 'Nowhereville', count: 1 })).toEqual([]);
  });

  test('may lack country, region and time zone', async () => {
    const weather = await weatherFrom({
      places: { results: [{ name: 'Null Island', latitude: 0, longitude: 0, country: null }] },
    });
    expect(await weather.places({ name: 'Null', count: 1 })).toEqual([
      { name: 'Null Island', country: null, region: null, lat: 0, lng: 0, timezone: null },
    ]);
  });
});

test('an error response of the upstream is reported without its text', async () => {
  const weather = await weatherFrom({
    forecast: errorResponse,
    airQuality: errorResponse,
    places: errorResponse,
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
  const reason = String(at(errorResponse, 'reason'));
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
