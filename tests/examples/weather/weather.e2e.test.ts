import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createScriptClient } from '#client/node.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
let api: ReturnType<typeof createScriptClient>;

beforeAll(async () => {
  product = await startProduct();
  api = createScriptClient({ baseUrl: product.baseUrl });
});
afterAll(() => product.close());
beforeEach(() => {
  const { openMeteo, airQuality, geocoding } = product.upstreams;
  for (const { requests } of [openMeteo, airQuality, geocoding]) requests.length = 0;
});

/** A copy of the contract, so that a change of the product's own schema is noticed. */
const value = z.number().nullable();
const condition = { weatherCode: z.int().nullable(), summary: z.string().nullable() };
const forecastSchema = z.strictObject({
  location: z.strictObject({
    lat: z.number(),
    lng: z.number(),
    timezone: z.string(),
    utcOffsetSeconds: z.int(),
    elevation: value,
  }),
  units: z.strictObject({ temperature: z.string(), windSpeed: z.string(), precipitation: z.string() }),
  current: z
    .strictObject({
      time: z.date(),
      temperature: value,
      apparentTemperature: value,
      relativeHumidity: value,
      precipitation: value,
      windSpeed: value,
      windDirection: value,
      ...condition,
      isDay: z.boolean().nullable(),
    })
    .nullable(),
  hourly: z.array(
    z.strictObject({
      time: z.date(),
      temperature: value,
      apparentTemperature: value,
      precipitation: value,
      precipitationProbability: value,
      windSpeed: value,
      windDirection: value,
      ...condition,
      isDay: z.boolean().nullable(),
    }),
  ),
  daily: z.array(
    z.strictObject({
      date: z.string().regex(/^\d{4}-\d\d-\d\d$/),
      temperatureMin: value,
      temperatureMax: value,
      precipitationSum: value,
      precipitationProbabilityMax: value,
      uvIndexMax: value,
      ...condition,
      sunrise: z.date().nullable(),
      sunset: z.date().nullable(),
      daylight: z.enum(['normal', 'polar_day', 'polar_night']).nullable(),
    }),
  ),
  airQuality: z.record(z.string(), z.union([z.date(), value])).nullable(),
  attribution: z.strictObject({ text: z.string(), url: z.url() }),
  source: z.strictObject({
    provider: z.string(),
    synthetic: z.boolean(),
    fetchedAt: z.date(),
    cache: z.enum(['miss', 'hit', 'stale']),
    ageSeconds: z.int().min(0),
  }),
  warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
});

async function forecastByFetch(input: Record<string, unknown>) {
  return forecastSchema.parse(await resultOf(await post(product, 'weather.forecast', input)));
}

describe('weather.forecast', () => {
  test('by fetch matches the contract, with seven days by default', async () => {
    const forecast = await forecastByFetch({ lat: 52.52, lng: 13.41 });
    expect(forecast.location).toMatchObject({ lat: 52.52, lng: 13.41, timezone: 'Europe/Berlin' });
    expect(forecast.units).toEqual({ temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' });
    expect(forecast.daily).toHaveLength(7);
    expect(forecast.hourly).toHaveLength(7 * 24);
    expect(forecast.current?.temperature).toEqual(expect.any(Number));
    expect(forecast.airQuality?.europeanAqi).toEqual(expect.any(Number));
    expect(forecast.source).toMatchObject({ cache: 'miss', synthetic: true, ageSeconds: 0 });
    expect(forecast.warnings).toEqual([]);
  });

  test('by the script client matches the contract too', async () => {
    const forecast = await api.weather.forecast.query({ lat: 40.71, lng: -74.01, days: 2 });
    forecastSchema.parse(forecast);
    expect(forecast.location.timezone).toBe('America/New_York');
  });

  test.each([1, 16])('returns %i days on request', async (days) => {
    const forecast = await forecastByFetch({ lat: 35.68, lng: 139.69, days });
    expect(forecast.daily).toHaveLength(days);
    expect(forecast.hourly).toHaveLength(days * 24);
  });

  test('the hours are consecutive and begin at midnight of the first day', async () => {
    const { hourly, daily, location } = await forecastByFetch({ lat: -33.87, lng: 151.21, days: 2 });
    const times = hourly.map(({ time }) => time.getTime());
    const first = times[0] ?? Number.NaN;
    expect(times).toEqual(times.map((_, index) => first + index * 3_600_000));
    expect(new Date(first + location.utcOffsetSeconds * 1000).toISOString()).toBe(
      `${daily[0]?.date}T00:00:00.000Z`,
    );
  });

  test('imperial units describe the same weather', async () => {
    const place = { lat: 48.21, lng: 16.37, days: 3 };
    const [metric, imperial] = [
      await forecastByFetch({ ...place, units: 'metric' }),
      await forecastByFetch({ ...place, units: 'imperial' }),
    ];
    expect(imperial.units).toEqual({ temperature: '°F', windSpeed: 'mph', precipitation: 'inch' });
    for (const [index, day] of metric.daily.entries()) {
      const fahrenheit = ((day.temperatureMax ?? Number.NaN) * 9) / 5 + 32;
      expect(imperial.daily[index]?.temperatureMax).toBeCloseTo(fahrenheit, 0);
    }
  });

  test('sends the location only in the body, never in a URL or header', async () => {
    await forecastByFetch({ lat: 59.33, lng: 18.07 });
    const { openMeteo, airQuality } = product.upstreams;
    const seen = [...openMeteo.requests, ...airQuality.requests];
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/forecast',
      'POST /v1/air-quality',
    ]);
    for (const { body, headers } of seen) {
      expect(JSON.parse(body)).toMatchObject({ latitude: [59.33], longitude: [18.07] });
      expect(JSON.stringify(headers)).not.toContain('59.33');
    }
  });

  test('is served from the cache on the second call', async () => {
    const first = await forecastByFetch({ lat: 60.17, lng: 24.94 });
    const second = await api.weather.forecast.query({ lat: 60.17, lng: 24.94 });
    expect([first.source.cache, second.source.cache]).toEqual(['miss', 'hit']);
    expect(second.source.fetchedAt).toEqual(first.source.fetchedAt);
    expect({ ...second, source: null }).toEqual({ ...first, source: null });
    expect(product.upstreams.openMeteo.requests).toHaveLength(1);
    expect(product.upstreams.airQuality.requests).toHaveLength(1);
  });

  test('makes one upstream request for concurrent calls', async () => {
    const calls = Array.from({ length: 8 }, () => forecastByFetch({ lat: 55.68, lng: 12.57 }));
    expect(new Set((await Promise.all(calls)).map(({ source }) => source.fetchedAt.getTime())).size).toBe(1);
    expect(product.upstreams.openMeteo.requests).toHaveLength(1);
  });

  test('rounds coordinates to two decimals before the upstream call, so neighbours share a cache entry', async () => {
    const { location } = await forecastByFetch({ lat: 48.856_614, lng: 2.352_219 });
    expect(location).toMatchObject({ lat: 48.86, lng: 2.35 });
    const neighbour = await forecastByFetch({ lat: 48.859_9, lng: 2.346_1 });
    expect(neighbour.source.cache).toBe('hit');
    const bodies = product.upstreams.openMeteo.requests.map(({ body }) => body);
    expect(bodies).toHaveLength(1);
    expect(bodies.join()).not.toMatch(/48\.85|2\.352/);
  });

  test('never returns minus zero, and works at a pole', async () => {
    const { location } = await forecastByFetch({ lat: -0.001, lng: -0.004 });
    expect(Object.is(location.lat, 0) && Object.is(location.lng, 0)).toBe(true);
    const pole = await forecastByFetch({ lat: -90, lng: 180, days: 1 });
    expect(pole.daily).toHaveLength(1);
  });
});

describe('weather.places', () => {
  const placesSchema = z.array(
    z.strictObject({
      name: z.string(),
      country: z.string().nullable(),
      region: z.string().nullable(),
      lat: z.number(),
      lng: z.number(),
      timezone: z.string().nullable(),
    }),
  );

  test('by fetch finds places by a prefix of their name', async () => {
    const found = placesSchema.parse(await resultOf(await post(product, 'weather.places', { name: 'Ber' })));
    expect(found.map(({ name }) => name)).toContain('Berlin');
    for (const { name } of found) expect(name.toLowerCase()).toMatch(/^ber/);
  });

  test('by the script client returns at most the requested count', async () => {
    const found = await api.weather.places.query({ name: 'San', count: 2 });
    expect(placesSchema.parse(found)).toHaveLength(2);
  });

  test('a found place has a forecast', async () => {
    const [place] = await api.weather.places.query({ name: 'Zürich', count: 1 });
    if (!place) throw new Error('Zürich was not found');
    const { location } = await forecastByFetch({ lat: place.lat, lng: place.lng });
    expect(location.timezone).toBe(place.timezone);
  });

  test('a search without a hit returns an empty list', async () => {
    expect(await api.weather.places.query({ name: 'Qqqqqzzzz' })).toEqual([]);
  });

  test('is cached regardless of case', async () => {
    const first = await api.weather.places.query({ name: 'lisbon' });
    expect(await api.weather.places.query({ name: 'LISBON' })).toEqual(first);
    expect(product.upstreams.geocoding.requests).toHaveLength(1);
  });
});
