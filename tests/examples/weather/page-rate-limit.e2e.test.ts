import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmForecast } from '#tests/examples/weather/warm-forecast.ts';
import { invalidPlaces, newVisitor, remainingOf, smallLimits, statusOf } from '#tests/rate-limit/calls.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ TRUSTED_PROXY_HOPS: '1', RATE_LIMITS: smallLimits });
});
afterAll(() => product.close());

/** Requests the weather page for a distinct place, without JavaScript. */
async function weatherPage(visitor: Record<string, string>, lat: number) {
  await warmForecast(product, { lat, lng: 7 }, newVisitor());
  const place = encodeURIComponent(JSON.stringify({ name: `Place ${lat}`, lat, lng: 7, units: 'metric' }));
  const response = await fetch(`${product.baseUrl}/weather`, {
    headers: { ...visitor, cookie: `weather-place=${place}` },
  });
  const html = await response.text();
  expect(response.status, html).toBe(200);
  expect(html).toContain(`Place ${lat}`);
  return {
    limited: html.includes('<code>rate_limited</code>'),
    hasForecast: /<table/.test(html),
    whole: html.trimEnd().endsWith('</html>'),
  };
}

const forecast = { limited: false, hasForecast: true, whole: true };
const rejected = { limited: true, hasForecast: false, whole: true };

test('a page view costs the visitor one point, regardless of the cookie, and shows the error when none is left', async () => {
  const visitor = newVisitor();
  for (const lat of [41, 42, 43]) expect(await weatherPage(visitor, lat)).toEqual(forecast);
  for (const lat of [44, 45]) expect(await weatherPage(visitor, lat)).toEqual(rejected);
});

test('forged forwarding entries do not allow additional page views', async () => {
  const { 'x-forwarded-for': address } = newVisitor();
  const pages = [];
  for (const lat of [51, 52, 53, 54]) {
    pages.push(await weatherPage({ 'x-forwarded-for': `8.8.8.${lat}, ${address}` }, lat));
  }
  expect(pages).toEqual([forecast, forecast, forecast, rejected]);
});

test('pages and calls share one bucket', async () => {
  const visitor = newVisitor();
  await weatherPage(visitor, 46);
  const response = await post(product, invalidPlaces.path, invalidPlaces.input, visitor);
  expect(remainingOf(response, 'upstream')).toBe(1);
  await response.arrayBuffer();
  await weatherPage(visitor, 47);
  await expectError(await post(product, 'weather.forecast', { lat: 1, lng: 1 }, visitor), {
    reason: 'rate_limited',
  });
  expect(await weatherPage(visitor, 48)).toEqual(rejected);
});

test('a visitor without points does not affect other visitors', async () => {
  const greedy = newVisitor();
  for (const lat of [55, 56, 57, 58]) await weatherPage(greedy, lat);
  expect(await weatherPage(newVisitor(), 59)).toEqual(forecast);
});

test('a page that needs no upstream is not limited', async () => {
  const visitor = newVisitor();
  for (let count = 0; count < 8; count += 1) {
    expect(await statusOf(await fetch(`${product.baseUrl}/contact`, { headers: visitor }))).toBe(200);
  }
  await resultOf(await post(product, 'fixture.body', 1, visitor));
});

test('a search without JavaScript costs a point, and a rejected one redirects with the reason and the wait', async () => {
  const visitor = newVisitor();
  const search = async () => {
    const response = await fetch(`${product.baseUrl}/weather/choose`, {
      method: 'POST',
      headers: { ...visitor, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'search=Rome',
      redirect: 'manual',
    });
    expect(await statusOf(response)).toBe(303);
    return response.headers.get('location');
  };
  const locations = [await search(), await search(), await search(), await search()];
  expect(locations).toEqual([
    '/weather',
    '/weather',
    '/weather',
    expect.stringMatching(/^\/weather\?problem=rate_limited&wait=\d+$/),
  ]);
});

test.each(['/contact', '/weather'])('after such a redirect, %s shows the wait in words', async (path) => {
  const response = await fetch(`${product.baseUrl}${path}?problem=rate_limited&wait=2701`, {
    headers: newVisitor(),
  });
  const html = (await response.text()).replaceAll('<!-- -->', '');
  expect(html).toContain('Too many calls. Please try again later.');
  expect(html).toContain('Please try again in 46 minutes.');
});
