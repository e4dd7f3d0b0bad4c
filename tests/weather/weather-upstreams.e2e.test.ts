import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());

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
