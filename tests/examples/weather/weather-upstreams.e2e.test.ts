import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { failureLine } from '#tests/support/log-lines.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { body, errorBody, secret, status } from '#tests/upstream-client/failing-upstream.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());

let places = 0;
/** Returns a place that no earlier call used, so that nothing is cached. */
const freshPlace = () => ({ lat: 10, lng: places++ / 10 });

test('a forecast does not wait for slow air quality, which is fetched once and included later', async () => {
  const { baseUrl, upstreams } = product;
  const { forecast } = createScriptClient({ baseUrl }).weather;
  const place = { lat: 52.52, lng: 13.41 };
  upstreams.airQuality.fault({ kind: 'delay', ms: 3_000 });
  onTestFinished(() => upstreams.airQuality.fault(undefined));
  const first = await forecast.query(place);
  expect(first.warnings.map(({ code }) => code)).toEqual(['air_quality_unavailable']);
  expect(first.airQuality).toBeNull();
  expect(first.daily[0]?.temperatureMax).toEqual(expect.any(Number));

  const later = await vi.waitFor(
    async () => {
      const result = await forecast.query(place);
      expect(result.airQuality?.europeanAqi).toEqual(expect.any(Number));
      return result;
    },
    { timeout: 10_000, interval: 100 },
  );
  expect(later.warnings).toEqual([]);
  expect(later.source.cache).toBe('hit');
  expect(upstreams.airQuality.requests).toHaveLength(1);
  expect(upstreams.openMeteo.requests).toHaveLength(1);
});

describe('air quality, the optional source,', () => {
  beforeEach(() => addSuccesses(product, 'weather.forecast'));

  test.each([
    { title: 'responds with 500', fault: status(500) },
    { title: 'resets the connection', fault: { kind: 'reset' } as const },
    { title: 'returns JSON of another shape', fault: body(errorBody) },
    { title: 'hangs', fault: { kind: 'hang' } as const },
  ])('$title: the forecast still succeeds, with a warning', async ({ fault }) => {
    product.upstreams.airQuality.fault(fault);
    onTestFinished(() => product.upstreams.airQuality.fault(undefined));
    const response = await post(product, 'weather.forecast', freshPlace());
    const forecast = await resultOf(response);
    expect(forecast).toMatchObject({
      airQuality: null,
      warnings: [{ code: 'air_quality_unavailable', message: expect.any(String) }],
      daily: expect.arrayContaining([expect.objectContaining({ temperatureMax: expect.any(Number) })]),
    });
    expect(JSON.stringify(forecast)).not.toContain(secret);
    const { err } = await failureLine(product, response.headers.get('x-request-id') ?? '');
    expect(err?.message).toMatch(/^A service we depend on [^:]+: ./);
    expect(err).not.toHaveProperty('stack');
  });

  test('is requested again after a failure', async () => {
    const place = freshPlace();
    product.upstreams.airQuality.fault(status(500));
    await resultOf(await post(product, 'weather.forecast', place));
    product.upstreams.airQuality.fault(undefined);
    expect(await resultOf(await post(product, 'weather.forecast', place))).toMatchObject({
      source: { cache: 'hit' },
      airQuality: { europeanAqi: expect.any(Number) },
      warnings: [],
    });
  });
});

test('a hanging upstream: pages do not wait for the forecast', async () => {
  await addSuccesses(product, 'weather.forecast', 16);
  product.upstreams.openMeteo.fault({ kind: 'hang' });
  onTestFinished(() => product.upstreams.openMeteo.fault(undefined));
  const uncachedPlace = `weather-place=${encodeURIComponent('{"name":"Somewhere","lat":-61.5,"lng":7}')}`;
  const [weatherPage, startPage] = await Promise.all([
    fetch(`${product.baseUrl}/weather`, { headers: { cookie: uncachedPlace } }),
    fetch(product.baseUrl),
  ]);
  expect([weatherPage.status, startPage.status]).toEqual([200, 200]);
  const html = await weatherPage.text();
  // A page that waited would have the failure.
  expect(html).not.toContain('upstream_timeout');
  expect(html).toContain('The forecast is taking longer than usual.');
  expect(await startPage.text()).toContain('The response is late');
});

// The last test, because the pause outlasts it.
test('Open-Meteo is not called again before its Retry-After has passed', async () => {
  const { openMeteo } = product.upstreams;
  const forecastAt = (lat: number) => post(product, 'weather.forecast', { lat, lng: 7 });
  await resultOf(await forecastAt(1));
  openMeteo.requests.length = 0;

  openMeteo.fault({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
  const rejected = await forecastAt(2);
  const { data } = await expectError(rejected, { reason: 'upstream_overloaded', path: 'weather.forecast' });
  expect(data.retryAfterSeconds).toBe(30);
  expect(rejected.headers.get('retry-after')).toBe('30');
  expect(openMeteo.requests).toHaveLength(1);

  openMeteo.fault(undefined);
  const next = await forecastAt(3);
  const { data: paused } = await expectError(next, { reason: 'upstream_overloaded' });
  expect(paused.retryAfterSeconds).toBeGreaterThan(0);
  expect(paused.retryAfterSeconds).toBeLessThanOrEqual(30);
  expect(next.headers.get('retry-after')).toBe(String(paused.retryAfterSeconds));
  expect(openMeteo.requests).toHaveLength(1);

  // Cached responses are still served, and the other two services are still called.
  expect(await resultOf(await forecastAt(1))).toMatchObject({ source: { cache: 'hit' }, warnings: [] });
  expect(await resultOf(await post(product, 'weather.places', { name: 'Berlin' }))).toMatchObject([
    { name: 'Berlin' },
  ]);
});
