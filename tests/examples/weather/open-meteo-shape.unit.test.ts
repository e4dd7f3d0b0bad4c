import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { at } from '#tests/upstreams/at.ts';
import { get, type PlainResponse, post } from '#tests/upstreams/send.ts';
import { errorResponse, forecasts, munich, noPlace } from './payloads.ts';
import { shapeOf } from './shape.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

/** Returns the query that requests the variables, the place and the number of days of a payload. */
function sameQuery(payload: unknown, units: Record<string, string>): Record<string, string> {
  const names = (block: string) =>
    Object.keys(Object(at(payload, block))).filter((key) => key !== 'time' && key !== 'interval');
  return {
    latitude: String(at(payload, 'latitude')),
    longitude: String(at(payload, 'longitude')),
    current: names('current').join(),
    hourly: names('hourly').join(),
    daily: names('daily').join(),
    timezone: 'auto',
    forecast_days: String(at(payload, 'daily', 'time', 'length')),
    ...units,
  };
}

/** Removes the stand-in's own `synthetic` mark, which must be present. */
function withoutMark(response: unknown): object {
  const { synthetic, ...rest } = Object(response);
  expect(synthetic).toBe(true);
  return rest;
}

describe("the shape of a forecast matches Open-Meteo's:", () => {
  test.each<[keyof typeof forecasts, Record<string, string>]>([
    ['copenhagen', { wind_speed_unit: 'ms' }],
    [
      'toronto-imperial',
      { temperature_unit: 'fahrenheit', wind_speed_unit: 'mph', precipitation_unit: 'inch' },
    ],
  ])('%s, key by key', async (name, units) => {
    const payload = forecasts[name];
    const { status, headers, json } = await get(
      upstreams.env.OPEN_METEO_URL,
      '/v1/forecast',
      sameQuery(payload, units),
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const response = withoutMark(json);
    expect(shapeOf(response)).toEqual(shapeOf(payload));
    expect(keysInOrder(response)).toEqual(keysInOrder(payload));
    for (const block of ['current_units', 'hourly_units', 'daily_units']) {
      expect(at(response, block)).toEqual(at(payload, block));
    }
    expect(at(response, 'current', 'interval')).toBe(at(payload, 'current', 'interval'));
    expect(at(response, 'timezone')).toBe(at(payload, 'timezone'));
    for (const block of ['hourly', 'daily']) {
      const columns: unknown[] = Object.values(Object(at(response, block)));
      expect(new Set(columns.map((column) => at(column, 'length')))).toEqual(
        new Set([at(payload, block, 'time', 'length')]),
      );
    }
  });

  test('an error', async () => {
    const { status, json } = await get(upstreams.env.OPEN_METEO_URL, '/v1/forecast', {
      latitude: '1',
      longitude: '1',
      temperature_unit: 'kelvin',
    });
    expect(status).toBe(400);
    expect(json).toEqual(errorResponse);
  });
});

describe("the shape of a place search matches Open-Meteo's:", () => {
  const search = (name: string): Promise<PlainResponse> =>
    get(upstreams.env.OPEN_METEO_GEOCODING_URL, '/v1/search', {
      name,
      count: '1',
      language: 'en',
      format: 'json',
    });

  test("a hit, with the keys in Open-Meteo's order", async () => {
    const [hit] = munich.results;
    const { json } = await search('Munich');
    const shape = shapeOf(at(json, 'results', 0));
    expect(shapeOf(hit)).toMatchObject(Object(shape));
    // The stand-in omits divisions below the first and postcodes, which Open-Meteo omits for some places, too.
    const keys = Object.keys(Object(hit));
    expect(Object.keys(Object(shape))).toEqual(keys.filter((key) => key in Object(shape)));
    expect(keys.filter((key) => !(key in Object(shape)))).toEqual([
      'admin2_id',
      'admin3_id',
      'admin4_id',
      'postcodes',
      'admin2',
      'admin3',
      'admin4',
    ]);
    for (const key of ['name', 'country', 'country_code', 'timezone', 'feature_code']) {
      expect(at(json, 'results', 0, key)).toBe(at(hit, key));
    }
  });

  test('a search without results', async () => {
    const { status, json } = await search('Nowhereville');
    expect(status).toBe(200);
    expect(shapeOf(json)).toEqual(shapeOf(noPlace));
  });
});

test('POST and GET return the same, for scalars and for one-element arrays', async () => {
  const { OPEN_METEO_URL, OPEN_METEO_AIR_QUALITY_URL } = upstreams.env;
  const location = { latitude: 52.52, longitude: 13.41, timezone: 'auto', forecast_days: 2 };
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
    const flat = { ...location, ...lists, ...units };
    const query = Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, String(value)]));
    const arrays = Object.fromEntries(Object.entries(flat).map(([key, value]) => [key, [value].flat()]));
    const byGet = await get(base, path, query);
    expect(byGet.status).toBe(200);
    expect((await post(base, path, flat)).json).toEqual(byGet.json);
    expect((await post(base, path, arrays)).json).toEqual(byGet.json);
  }
});

/** Returns the keys of an object and of its nested objects, in order. */
function keysInOrder(value: unknown): unknown {
  return Object.entries(Object(value)).map(([key, inner]) =>
    typeof inner === 'object' ? [key, Object.keys(Object(inner))] : key,
  );
}
