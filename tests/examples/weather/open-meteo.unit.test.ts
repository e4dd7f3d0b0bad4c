import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { at } from '#tests/upstreams/at.ts';
import { get, post, send } from '#tests/upstreams/send.ts';
import { numbersAt, stringsAt } from './shape.ts';

let now = Date.UTC(2026, 5, 1, 10, 20);
let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams({ clock: () => now });
});
afterAll(() => upstreams.close());

const BERLIN = { latitude: '52.52', longitude: '13.41', timezone: 'auto' };

const forecast = (query: Record<string, string>) => get(upstreams.env.OPEN_METEO_URL, '/v1/forecast', query);
const airQuality = (query: Record<string, string>) =>
  get(upstreams.env.OPEN_METEO_AIR_QUALITY_URL, '/v1/air-quality', query);

describe('the forecast', () => {
  test('is deterministic for the same query and time', async () => {
    const query = { ...BERLIN, current: 'temperature_2m', hourly: 'weather_code', daily: 'uv_index_max' };
    expect((await forecast(query)).text).toBe((await forecast(query)).text);
  });

  test('contains each requested variable once, and nothing else', async () => {
    const { json } = await forecast({ ...BERLIN, hourly: 'is_day,is_day' });
    expect(Object.keys(Object(at(json, 'hourly')))).toEqual(['time', 'is_day']);
    expect(at(json, 'current')).toBeUndefined();
    expect(at(json, 'daily')).toBeUndefined();
  });

  test('has the coordinates of the grid cell', async () => {
    const { json } = await forecast(BERLIN);
    expect([at(json, 'latitude'), at(json, 'longitude')]).toEqual([52.5, 13.4375]);
  });

  test('converts units', async () => {
    const hourly = 'temperature_2m,wind_speed_10m,precipitation';
    const query = { latitude: '1.35', longitude: '103.82', hourly, forecast_days: '16' };
    const metric = (await forecast(query)).json;
    const imperial = (
      await forecast({
        ...query,
        temperature_unit: 'fahrenheit',
        wind_speed_unit: 'mph',
        precipitation_unit: 'inch',
      })
    ).json;
    const ms = (await forecast({ ...query, wind_speed_unit: 'ms' })).json;
    expect(at(metric, 'hourly_units', 'wind_speed_10m')).toBe('km/h');
    expect(at(imperial, 'hourly_units', 'wind_speed_10m')).toBe('mp/h');
    expect(at(ms, 'hourly_units', 'wind_speed_10m')).toBe('m/s');
    const column = (response: unknown, name: string) => numbersAt(response, 'hourly', name);
    expect(Math.max(...column(metric, 'precipitation'))).toBeGreaterThan(0);
    column(metric, 'temperature_2m').forEach((celsius, i) => {
      // Half a step of each rounding: 0.05 °F and 0.05 °C.
      expect(Math.abs((column(imperial, 'temperature_2m')[i] ?? 0) - (celsius * 1.8 + 32))).toBeLessThan(
        0.1401,
      );
      const kmh = column(metric, 'wind_speed_10m')[i] ?? 0;
      expect(Math.abs((column(imperial, 'wind_speed_10m')[i] ?? 0) - kmh / 1.609344)).toBeLessThan(0.0812);
      expect(Math.abs((column(ms, 'wind_speed_10m')[i] ?? 0) - kmh / 3.6)).toBeLessThan(0.0189);
      const mm = column(metric, 'precipitation')[i] ?? 0;
      expect(column(imperial, 'precipitation')[i]).toBeCloseTo(mm / 25.4, 3);
    });
  });

  test('has daily values that match the hourly ones', async () => {
    const { json } = await forecast({
      ...BERLIN,
      hourly: 'temperature_2m,precipitation,weather_code,precipitation_probability',
      daily:
        'temperature_2m_max,temperature_2m_min,precipitation_sum,weather_code,precipitation_probability_max',
      forecast_days: '3',
    });
    const sameDay = (name: string, day: string) =>
      numbersAt(json, 'hourly', name).filter((_, i) => stringsAt(json, 'hourly', 'time')[i]?.startsWith(day));
    stringsAt(json, 'daily', 'time').forEach((day, i) => {
      const daily = (name: string) => numbersAt(json, 'daily', name)[i];
      expect(daily('temperature_2m_max')).toBe(Math.max(...sameDay('temperature_2m', day)));
      expect(daily('temperature_2m_min')).toBe(Math.min(...sameDay('temperature_2m', day)));
      expect(daily('weather_code')).toBe(Math.max(...sameDay('weather_code', day)));
      expect(daily('precipitation_sum')).toBeCloseTo(sameDay('precipitation', day).reduce((a, b) => a + b));
      expect(daily('precipitation_probability_max')).toBe(
        Math.max(...sameDay('precipitation_probability', day)),
      );
    });
  });

  test('begins at local midnight and has the current quarter of an hour', async () => {
    const { json } = await forecast({ ...BERLIN, current: 'is_day', hourly: 'is_day', forecast_days: '16' });
    expect(at(json, 'utc_offset_seconds')).toBe(7200);
    expect(at(json, 'timezone_abbreviation')).toBe('GMT+2');
    expect(at(json, 'current')).toEqual({ time: '2026-06-01T12:15', interval: 900, is_day: 1 });
    expect(stringsAt(json, 'hourly', 'time')).toHaveLength(16 * 24);
    expect(at(json, 'hourly', 'time', 0)).toBe('2026-06-01T00:00');
    expect(at(json, 'hourly', 'time', 383)).toBe('2026-06-16T23:00');
  });

  test('is an array for several places, with a location_id from the second on', async () => {
    const { json } = await forecast({ latitude: '52.52,35.68', longitude: '13.41,139.65', timezone: 'auto' });
    expect([at(json, 0, 'timezone'), at(json, 1, 'timezone')]).toEqual(['Europe/Berlin', 'Asia/Tokyo']);
    expect([at(json, 0, 'location_id'), at(json, 1, 'location_id')]).toEqual([undefined, 1]);
  });

  test.each([
    ['an unknown variable', { ...BERLIN, hourly: 'temperature_2m,magic' }, 'magic'],
    ['an unknown current variable', { ...BERLIN, current: 'constructor' }, 'constructor'],
    ['an unknown daily variable', { ...BERLIN, daily: 'temperature_2m' }, 'temperature_2m'],
    ['a missing place', { timezone: 'auto' }, 'latitude'],
    ['a place with one coordinate missing', { latitude: '1,2', longitude: '1' }, 'same number'],
    ['a latitude out of range', { ...BERLIN, latitude: '90.1' }, 'Latitude must be in range of -90 to 90°'],
    ['a longitude out of range', { ...BERLIN, longitude: '-181' }, 'Longitude must be in range'],
    ['a latitude that is not a number', { ...BERLIN, latitude: 'north' }, 'north'],
    ['too many days', { ...BERLIN, forecast_days: '17' }, 'Allowed range 1 to 16. Given 17.'],
    ['zero days', { ...BERLIN, forecast_days: '0' }, 'Forecast days is invalid'],
    ['an unknown time zone', { ...BERLIN, timezone: 'Mars/Olympus' }, 'Invalid timezone'],
    ['an offset as time zone', { ...BERLIN, timezone: '+02:00' }, 'Invalid timezone'],
    ['an unknown unit', { ...BERLIN, wind_speed_unit: 'warp' }, 'Cannot initialize WindSpeedUnit'],
  ])('rejects %s with 400', async (_, query: Record<string, string>, reason) => {
    const { status, json } = await forecast(query);
    expect(status).toBe(400);
    expect(json).toEqual({ error: true, reason: expect.stringContaining(reason) });
  });

  test('rejects a body that is not a JSON object, and other content types', async () => {
    const url = `${upstreams.env.OPEN_METEO_URL}/v1/forecast`;
    const headers = { 'content-type': 'application/json' };
    for (const body of ['', '{', '[]', 'null', '{"latitude":{}}']) {
      expect((await send(url, { method: 'POST', headers, body })).status).toBe(400);
    }
    expect((await send(url, { method: 'POST', body: '{}' })).status).toBe(415);
    expect((await send(url, { method: 'DELETE' })).status).toBe(404);
    expect((await send(`${upstreams.env.OPEN_METEO_URL}/v1/air-quality`)).status).toBe(404);
  });
});

describe('time zones', () => {
  test('one offset applies to the whole response, even across a clock change', async () => {
    const before = now;
    now = Date.UTC(2026, 2, 6, 2);
    const query = { latitude: '43.7', longitude: '-79.4', timezone: 'America/Toronto' };
    const { json } = await forecast({ ...query, hourly: 'is_day', daily: 'sunrise' });
    now = before;
    expect(at(json, 'utc_offset_seconds')).toBe(-18_000);
    expect(at(json, 'timezone_abbreviation')).toBe('GMT-5');
    const hours = stringsAt(json, 'hourly', 'time');
    expect(hours).toHaveLength(7 * 24);
    expect(hours).toContain('2026-03-08T02:00');
    const steps = hours.slice(1).map((hour, i) => Date.parse(`${hour}Z`) - Date.parse(`${hours[i]}Z`));
    expect(new Set(steps)).toEqual(new Set([3_600_000]));
    expect(at(json, 'daily', 'sunrise', 3)).toMatch(/^2026-03-08T06:4/);
  });

  test.each([
    ['an explicit time zone', { ...BERLIN, timezone: 'Asia/Kolkata' }, 'Asia/Kolkata', 'GMT+5:30', 19_800],
    [
      'the nearest city',
      { latitude: '47.5', longitude: '-52.9', timezone: 'auto' },
      'America/St_Johns',
      'GMT-2:30',
      -9000,
    ],
    ['the open sea', { latitude: '0', longitude: '-140', timezone: 'auto' }, 'Etc/GMT+9', 'GMT-9', -32_400],
    ['no time zone', { latitude: '52.52', longitude: '13.41' }, 'GMT', 'GMT', 0],
  ])('%s', async (_, query: Record<string, string>, timezone, abbreviation, offset) => {
    const { json } = await forecast(query);
    expect(json).toMatchObject({
      timezone,
      timezone_abbreviation: abbreviation,
      utc_offset_seconds: offset,
    });
  });
});

test('polar day lasts from midnight to midnight, and polar night has zero length', async () => {
  const query = {
    latitude: '78.22',
    longitude: '15.63',
    timezone: 'auto',
    hourly: 'is_day',
    daily: 'sunrise,sunset',
  };
  const june = (await forecast({ ...query, forecast_days: '1' })).json;
  expect(at(june, 'timezone')).toBe('Arctic/Longyearbyen');
  expect(at(june, 'daily')).toEqual({
    time: ['2026-06-01'],
    sunrise: ['2026-06-01T00:00'],
    sunset: ['2026-06-02T00:00'],
  });
  expect(numbersAt(june, 'hourly', 'is_day')).toEqual(Array(24).fill(1));

  const south = {
    ...query,
    latitude: '-90',
    timezone: 'GMT',
    forecast_days: '1',
    current: 'temperature_2m',
  };
  const pole = (await forecast(south)).json;
  expect(at(pole, 'daily')).toEqual({
    time: ['2026-06-01'],
    sunrise: ['2026-06-01T00:00'],
    sunset: ['2026-06-01T00:00'],
  });
  expect(numbersAt(pole, 'hourly', 'is_day')).toEqual(Array(24).fill(0));
  expect(at(pole, 'current', 'temperature_2m')).toBeLessThan(-20);
});

describe('air quality', () => {
  const ALL = 'european_aqi,us_aqi,pm10,pm2_5,ozone,nitrogen_dioxide';

  test('has the indices and concentrations with their units, and is marked as synthetic', async () => {
    const { json } = await airQuality({ ...BERLIN, current: ALL, hourly: ALL });
    expect(at(json, 'synthetic')).toBe(true);
    expect(at(json, 'current_units')).toEqual({
      time: 'iso8601',
      interval: 'seconds',
      european_aqi: 'EAQI',
      us_aqi: 'USAQI',
      pm10: 'μg/m³',
      pm2_5: 'μg/m³',
      ozone: 'μg/m³',
      nitrogen_dioxide: 'μg/m³',
    });
    expect(at(json, 'current', 'time')).toBe('2026-06-01T12:00');
    expect(at(json, 'current', 'interval')).toBe(3600);
    expect(stringsAt(json, 'hourly', 'time')).toHaveLength(5 * 24);
    for (const name of ALL.split(',')) {
      for (const value of numbersAt(json, 'hourly', name)) expect(value).toBeGreaterThanOrEqual(0);
    }
  });

  test('rejects an unknown variable and more than seven days', async () => {
    expect((await airQuality({ ...BERLIN, hourly: 'temperature_2m' })).status).toBe(400);
    expect((await airQuality({ ...BERLIN, forecast_days: '8' })).status).toBe(400);
    expect((await post(upstreams.env.OPEN_METEO_AIR_QUALITY_URL, '/v1/air-quality', {})).status).toBe(400);
  });
});
