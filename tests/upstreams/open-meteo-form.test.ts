import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { type Answered, get, post } from './ask.ts';
import { at, formOf, recording } from './form.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

/** Asks for what a recording holds: its variables, its place, its number of days. */
function sameQuestion(recorded: unknown, units: Record<string, string>): Record<string, string> {
  const names = (block: string) =>
    Object.keys(Object(at(recorded, block))).filter((key) => key !== 'time' && key !== 'interval');
  return {
    latitude: String(at(recorded, 'latitude')),
    longitude: String(at(recorded, 'longitude')),
    current: names('current').join(),
    hourly: names('hourly').join(),
    daily: names('daily').join(),
    timezone: 'auto',
    forecast_days: String(at(recorded, 'daily', 'time', 'length')),
    ...units,
  };
}

/** The answer without the stand-in's own mark, which must be there. */
function withoutMark(answer: unknown): object {
  const { synthetic, ...rest } = Object(answer);
  expect(synthetic).toBe(true);
  return rest;
}

describe('the forecast has the form of the recordings', () => {
  test.each([
    ['copenhagen', { wind_speed_unit: 'ms' }],
    [
      'toronto-imperial',
      { temperature_unit: 'fahrenheit', wind_speed_unit: 'mph', precipitation_unit: 'inch' },
    ],
  ])('%s, key by key', async (name, units) => {
    const recorded = recording(name);
    const { status, headers, json } = await get(
      upstreams.env.OPEN_METEO_URL,
      '/v1/forecast',
      sameQuestion(recorded, units),
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const answer = withoutMark(json);
    expect(formOf(answer)).toEqual(formOf(recorded));
    expect(keysInOrder(answer)).toEqual(keysInOrder(recorded));
    for (const block of ['current_units', 'hourly_units', 'daily_units']) {
      expect(at(answer, block)).toEqual(at(recorded, block));
    }
    expect(at(answer, 'current', 'interval')).toBe(at(recorded, 'current', 'interval'));
    expect(at(answer, 'timezone')).toBe(at(recorded, 'timezone'));
    for (const block of ['hourly', 'daily']) {
      const columns: unknown[] = Object.values(Object(at(answer, block)));
      expect(new Set(columns.map((column) => at(column, 'length')))).toEqual(
        new Set([at(recorded, block, 'time', 'length')]),
      );
    }
  });

  test('a refusal', async () => {
    const { status, json } = await get(upstreams.env.OPEN_METEO_URL, '/v1/forecast', {
      latitude: '1',
      longitude: '1',
      temperature_unit: 'asdfsfd',
    });
    expect(status).toBe(400);
    expect(json).toEqual(recording('error-400'));
  });
});

describe('geocoding has the form of the recordings', () => {
  const search = (name: string): Promise<Answered> =>
    get(upstreams.env.OPEN_METEO_GEOCODING_URL, '/v1/search', {
      name,
      count: '1',
      language: 'en',
      format: 'json',
    });

  test('a hit has no key and no type that the recording has not', async () => {
    const recorded = at(recording('geocoding-berlin'), 'results', 0);
    const { json } = await search('Berlin');
    const form = formOf(at(json, 'results', 0));
    expect(formOf(recorded)).toMatchObject(Object(form));
    // Left out: divisions below the first, and postcodes. They are optional at Open-Meteo too.
    const missing = Object.keys(Object(recorded)).filter((key) => !(key in Object(form)));
    expect(missing.sort()).toEqual(['admin3', 'admin3_id', 'admin4', 'admin4_id', 'postcodes']);
    for (const key of ['name', 'country', 'country_code', 'timezone', 'feature_code']) {
      expect(at(json, 'results', 0, key)).toBe(at(recorded, key));
    }
  });

  test('a miss has no results', async () => {
    const { status, json } = await search('Nowhereville');
    expect(status).toBe(200);
    expect(formOf(json)).toEqual(formOf(recording('geocoding-nothing')));
  });
});

test('POST and GET agree, for scalars and for one-element arrays', async () => {
  const { OPEN_METEO_URL, OPEN_METEO_AIR_QUALITY_URL } = upstreams.env;
  const question = { latitude: 52.52, longitude: 13.41, timezone: 'auto', forecast_days: 2 };
  const cases = [
    {
      base: OPEN_METEO_URL,
      path: '/v1/forecast',
      lists: { hourly: ['temperature_2m', 'is_day'], daily: ['sunrise', 'uv_index_max'] },
      units: { temperature_unit: 'fahrenheit', wind_speed_unit: 'mph', precipitation_unit: 'inch' },
    },
    {
      base: OPEN_METEO_AIR_QUALITY_URL,
      path: '/v1/air-quality',
      lists: { hourly: ['pm10', 'us_aqi'] },
      units: {},
    },
  ];
  for (const { base, path, lists, units } of cases) {
    const flat = { ...question, ...lists, ...units };
    const query = Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, String(value)]));
    const arrays = Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, [value].flat()]));
    const byGet = await get(base, path, query);
    expect(byGet.status).toBe(200);
    expect((await post(base, path, flat)).json).toEqual(byGet.json);
    expect((await post(base, path, arrays)).json).toEqual(byGet.json);
  }
});

/** The keys of an object and of its blocks as they stand. */
function keysInOrder(value: unknown): unknown {
  return Object.entries(Object(value)).map(([key, inner]) =>
    typeof inner === 'object' ? [key, Object.keys(Object(inner))] : key,
  );
}
