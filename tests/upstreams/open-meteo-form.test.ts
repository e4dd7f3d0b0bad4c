import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { type Answered, get, post } from './ask.ts';
import { at, formOf } from './form.ts';
import { forecasts, munich, noPlace, refusal } from './payloads.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

/** Asks for what a payload holds: its variables, its place, its number of days. */
function sameQuestion(payload: unknown, units: Record<string, string>): Record<string, string> {
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

/** The answer without the stand-in's own mark, which must be there. */
function withoutMark(answer: unknown): object {
  const { synthetic, ...rest } = Object(answer);
  expect(synthetic).toBe(true);
  return rest;
}

describe("the forecast has Open-Meteo's form", () => {
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
      sameQuestion(payload, units),
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const answer = withoutMark(json);
    expect(formOf(answer)).toEqual(formOf(payload));
    expect(keysInOrder(answer)).toEqual(keysInOrder(payload));
    for (const block of ['current_units', 'hourly_units', 'daily_units']) {
      expect(at(answer, block)).toEqual(at(payload, block));
    }
    expect(at(answer, 'current', 'interval')).toBe(at(payload, 'current', 'interval'));
    expect(at(answer, 'timezone')).toBe(at(payload, 'timezone'));
    for (const block of ['hourly', 'daily']) {
      const columns: unknown[] = Object.values(Object(at(answer, block)));
      expect(new Set(columns.map((column) => at(column, 'length')))).toEqual(
        new Set([at(payload, block, 'time', 'length')]),
      );
    }
  });

  test('a refusal', async () => {
    const { status, json } = await get(upstreams.env.OPEN_METEO_URL, '/v1/forecast', {
      latitude: '1',
      longitude: '1',
      temperature_unit: 'kelvin',
    });
    expect(status).toBe(400);
    expect(json).toEqual(refusal);
  });
});

describe("geocoding has Open-Meteo's form", () => {
  const search = (name: string): Promise<Answered> =>
    get(upstreams.env.OPEN_METEO_GEOCODING_URL, '/v1/search', {
      name,
      count: '1',
      language: 'en',
      format: 'json',
    });

  test("a hit has the keys and types of Open-Meteo's hits, in their order", async () => {
    const [hit] = munich.results;
    const { json } = await search('Munich');
    const form = formOf(at(json, 'results', 0));
    expect(formOf(hit)).toMatchObject(Object(form));
    // The stand-in omits divisions below the first and postcodes, which Open-Meteo omits for some places, too.
    const keys = Object.keys(Object(hit));
    expect(Object.keys(Object(form))).toEqual(keys.filter((key) => key in Object(form)));
    expect(keys.filter((key) => !(key in Object(form)))).toEqual([
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

  test('a miss has no results', async () => {
    const { status, json } = await search('Nowhereville');
    expect(status).toBe(200);
    expect(formOf(json)).toEqual(formOf(noPlace));
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
