import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorReason } from '#server/errors.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { failureLine } from '#tests/support/log-lines.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import type { Fault } from '#tests/support/upstreams/index.ts';
import {
  body,
  errorBody,
  expectCauseWithoutStack,
  expectFailure,
  expectNothingLeaked,
  failingCalls,
  freshInputs,
  secret,
  standInOf,
  status,
} from './failing-upstream.ts';

type Row = { title: string; fault: Fault; reason: ErrorReason; retryAfterSeconds?: number };

const rows: Row[] = [
  { title: 'status 400', fault: status(400), reason: 'upstream_refused' },
  { title: 'status 401', fault: status(401), reason: 'upstream_refused' },
  {
    title: 'status 429 with Retry-After: 0',
    fault: status(429, { 'retry-after': '0' }),
    reason: 'upstream_overloaded',
    retryAfterSeconds: 1,
  },
  { title: 'status 503', fault: status(503), reason: 'upstream_overloaded', retryAfterSeconds: 5 },
  { title: 'status 500', fault: status(500), reason: 'upstream_bad_answer' },
  {
    title: 'a redirect',
    fault: status(302, { location: `http://127.0.0.1:1/${secret}` }),
    reason: 'upstream_bad_answer',
  },
  { title: 'a reset connection', fault: { kind: 'reset' }, reason: 'upstream_unreachable' },
  { title: 'text that is not JSON', fault: body(`<${secret}>`), reason: 'upstream_bad_answer' },
  { title: 'truncated JSON', fault: body(`{"reason":"${secret}`), reason: 'upstream_bad_answer' },
  { title: 'JSON of another shape', fault: body(errorBody), reason: 'upstream_bad_answer' },
  { title: 'null', fault: body('null'), reason: 'upstream_bad_answer' },
  { title: 'an empty body', fault: body(''), reason: 'upstream_bad_answer' },
  {
    title: 'another content type',
    fault: body(`<html>${secret}</html>`, 'text/html'),
    reason: 'upstream_bad_answer',
  },
  {
    title: 'a huge response',
    fault: body(JSON.stringify(secret.repeat(200_000))),
    reason: 'upstream_bad_answer',
  },
];

let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());
beforeEach(async () => {
  await addSuccesses(product, 'weather.forecast');
  await addSuccesses(product, 'proxy.github.renderMarkdown');
});
afterEach(() => {
  const { openMeteo, airQuality, geocoding, github } = product.upstreams;
  for (const standIn of [openMeteo, airQuality, geocoding, github]) standIn.fault(undefined);
});

describe.each(failingCalls)('%s when its upstream returns', (call) => {
  test.each(rows)('$title', async ({ fault, reason, retryAfterSeconds }) => {
    await expectFailure(product, call, { fault, reason, retryAfterSeconds });
  });

  test('a correct response after a failure, which is not cached', async () => {
    const { fault: setFault } = standInOf(product, call);
    const again =
      call === 'weather.forecast' ? freshInputs[call]() : { params: { owner: 'trpc', repo: 'trpc' } };
    setFault(status(500));
    await expectError(await post(product, call, again), { reason: 'upstream_bad_answer' });
    setFault(undefined);
    await resultOf(await post(product, call, again));
  });
});

test('a hanging upstream is reported as a timeout to callers, and pages do not wait for it', async () => {
  product.upstreams.openMeteo.fault({ kind: 'hang' });
  product.upstreams.github.fault({ kind: 'hang' });
  const uncachedPlace = `weather-place=${encodeURIComponent('{"name":"Somewhere","lat":-61.5,"lng":7}')}`;
  const [weather, github, weatherPage, startPage] = await Promise.all([
    post(product, 'weather.forecast', freshInputs['weather.forecast']()),
    post(product, 'proxy.github.releases', freshInputs['proxy.github.releases']()),
    fetch(`${product.baseUrl}/weather`, { headers: { cookie: uncachedPlace } }),
    fetch(product.baseUrl),
  ]);
  for (const response of [weather, github]) {
    expect(response.status).toBe(504);
    const error = await expectError(response, { reason: 'upstream_timeout' });
    expect((await failureLine(product, error.data.requestId)).reason).toBe('upstream_timeout');
  }
  expect([weatherPage.status, startPage.status]).toEqual([200, 200]);
  const html = await weatherPage.text();
  // A page that waited would have the failure.
  expect(html).not.toContain('upstream_timeout');
  expect(html).toContain('The forecast is taking longer than usual.');
  expect(await startPage.text()).toContain('The response is late');
});

test('an upstream 404 is not_found for the proxy and a broken service for the weather', async () => {
  product.upstreams.github.fault(status(404));
  product.upstreams.openMeteo.fault(status(404));
  const github = await post(product, 'proxy.github.releases', freshInputs['proxy.github.releases']());
  expectNothingLeaked(
    product.upstreams.github.url,
    github,
    await expectError(github, { reason: 'not_found', path: 'proxy.github.releases' }),
  );
  const weather = await post(product, 'weather.forecast', freshInputs['weather.forecast']());
  // The caller sent a valid place: a 4xx would blame the caller for a wrong URL in the operator's settings.
  expect(weather.status, await weather.text()).toBe(502);
});

describe('air quality, the optional source,', () => {
  test.each([
    { title: 'responds with 500', fault: status(500) },
    { title: 'resets the connection', fault: { kind: 'reset' } as const },
    { title: 'returns JSON of another shape', fault: body(errorBody) },
    { title: 'hangs', fault: { kind: 'hang' } as const },
  ])('$title: the forecast still succeeds, with a warning', async ({ fault }) => {
    product.upstreams.airQuality.fault(fault);
    const response = await post(product, 'weather.forecast', freshInputs['weather.forecast']());
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
    const place = freshInputs['weather.forecast']();
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

test('weather.places reports a failing upstream in the same way', async () => {
  product.upstreams.geocoding.fault(status(500));
  const response = await post(product, 'weather.places', { name: 'Nowhere' });
  const error = await expectError(response, { reason: 'upstream_bad_answer', path: 'weather.places' });
  expectNothingLeaked(product.upstreams.geocoding.url, response, error);
});

test('upstreams that are not listening are reported as unreachable', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const withoutUpstreams = await startProduct({
    OPEN_METEO_URL: url,
    OPEN_METEO_AIR_QUALITY_URL: url,
    OPEN_METEO_GEOCODING_URL: url,
    GITHUB_API_URL: url,
  });
  try {
    for (const [call, input] of [
      ['weather.forecast', freshInputs['weather.forecast']()],
      ['weather.places', { name: 'Berlin' }],
      ['proxy.github.releases', freshInputs['proxy.github.releases']()],
    ] as const) {
      const response = await post(withoutUpstreams, call, input);
      const error = await expectError(response, { reason: 'upstream_unreachable', path: call });
      expectNothingLeaked(url, response, error);
      const { err } = await failureLine(withoutUpstreams, error.data.requestId);
      expectCauseWithoutStack(err, 'upstream_unreachable');
      expect(err?.message).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
    }
  } finally {
    await withoutUpstreams.close();
  }
});
