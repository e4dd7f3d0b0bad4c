import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorReason } from '#server/errors.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import type { Fault } from '#tests/support/upstreams/index.ts';
import { expectRefusal, post, resultOf } from './call.ts';
import {
  body,
  expectCauseAlone,
  expectFailure,
  expectNoWordOf,
  failingCalls,
  problem,
  secret,
  standInOf,
  status,
  unasked,
} from './failing-upstream.ts';
import { keepWell } from './healthy-history.ts';
import { failureLine } from './log-lines.ts';

type Row = { title: string; fault: Fault; reason: ErrorReason };

const rows: Row[] = [
  { title: 'status 400', fault: status(400), reason: 'upstream_refused' },
  { title: 'status 401', fault: status(401), reason: 'upstream_refused' },
  { title: 'status 429', fault: status(429), reason: 'upstream_overloaded' },
  { title: 'status 503', fault: status(503), reason: 'upstream_overloaded' },
  { title: 'status 500', fault: status(500), reason: 'upstream_bad_answer' },
  {
    title: 'a redirect',
    fault: status(302, { location: `http://127.0.0.1:1/${secret}` }),
    reason: 'upstream_bad_answer',
  },
  { title: 'a reset connection', fault: { kind: 'reset' }, reason: 'upstream_unreachable' },
  { title: 'no JSON', fault: body(`<${secret}>`), reason: 'upstream_bad_answer' },
  { title: 'JSON cut off', fault: body(`{"reason":"${secret}`), reason: 'upstream_bad_answer' },
  { title: 'JSON of another shape', fault: body(problem), reason: 'upstream_bad_answer' },
  { title: 'null', fault: body('null'), reason: 'upstream_bad_answer' },
  { title: 'nothing', fault: body(''), reason: 'upstream_bad_answer' },
  {
    title: 'another content type',
    fault: body(`<html>${secret}</html>`, 'text/html'),
    reason: 'upstream_bad_answer',
  },
  {
    title: 'a huge answer',
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
  await keepWell(product, 'weather.forecast');
  await keepWell(product, 'proxy.github.renderMarkdown');
});
afterEach(() => {
  const { openMeteo, airQuality, geocoding, github } = product.upstreams;
  for (const standIn of [openMeteo, airQuality, geocoding, github]) standIn.fault(undefined);
});

describe.each(failingCalls)('%s when its upstream gives', (call) => {
  test.each(rows)('$title', async ({ fault, reason }) => {
    await expectFailure(product, call, { fault, reason });
  });

  test('the right answer again: nothing of the failure is kept', async () => {
    const { fault: misbehave } = standInOf(product, call);
    const again = call === 'weather.forecast' ? unasked[call]() : { params: { owner: 'trpc', repo: 'trpc' } };
    misbehave(status(500));
    await expectRefusal(await post(product, call, again), { reason: 'upstream_bad_answer' });
    misbehave(undefined);
    await resultOf(await post(product, call, again));
  });
});

test('an upstream that hangs is a timeout, for every caller and for the pages', async () => {
  product.upstreams.openMeteo.fault({ kind: 'hang' });
  product.upstreams.github.fault({ kind: 'hang' });
  const [weather, github, page] = await Promise.all([
    post(product, 'weather.forecast', unasked['weather.forecast']()),
    post(product, 'proxy.github.releases', unasked['proxy.github.releases']()),
    fetch(`${product.baseUrl}/weather`),
  ]);
  for (const response of [weather, github]) {
    expect(response.status).toBe(504);
    const refused = await expectRefusal(response, { reason: 'upstream_timeout' });
    expect((await failureLine(product, refused.data.requestId)).reason).toBe('upstream_timeout');
  }
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('upstream_timeout');
});

test('status 404: for the proxy there is no such thing, for the weather the service is broken', async () => {
  product.upstreams.github.fault(status(404));
  product.upstreams.openMeteo.fault(status(404));
  const github = await post(product, 'proxy.github.releases', unasked['proxy.github.releases']());
  expectNoWordOf(
    product.upstreams.github.url,
    github,
    await expectRefusal(github, { reason: 'not_found', path: 'proxy.github.releases' }),
  );
  const weather = await post(product, 'weather.forecast', unasked['weather.forecast']());
  // The caller gave a valid place: a 4xx would blame them for the operator's wrong address.
  expect(weather.status, await weather.text()).toBe(502);
});

describe('air quality, the second source,', () => {
  test.each([
    { title: 'answers 500', fault: status(500) },
    { title: 'resets the connection', fault: { kind: 'reset' } as const },
    { title: 'gives another shape', fault: body(problem) },
    { title: 'hangs', fault: { kind: 'hang' } as const },
  ])('$title: the forecast still comes, with a warning', async ({ fault }) => {
    product.upstreams.airQuality.fault(fault);
    const response = await post(product, 'weather.forecast', unasked['weather.forecast']());
    const forecast = await resultOf(response);
    expect(forecast).toMatchObject({
      airQuality: null,
      warnings: [{ code: 'air_quality_unavailable', message: expect.any(String) }],
      daily: expect.arrayContaining([expect.objectContaining({ temperatureMax: expect.any(Number) })]),
    });
    expect(JSON.stringify(forecast)).not.toContain(secret);
    const { err } = await failureLine(product, response.headers.get('x-request-id') ?? '');
    expect(err?.message).toMatch(/^A service this answer depends on [^:]+: ./);
    expect(err).not.toHaveProperty('stack');
  });

  test('is asked again once it is back', async () => {
    const place = unasked['weather.forecast']();
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

test('weather.places fails the same way', async () => {
  product.upstreams.geocoding.fault(status(500));
  const response = await post(product, 'weather.places', { name: 'Nowhere' });
  const refused = await expectRefusal(response, { reason: 'upstream_bad_answer', path: 'weather.places' });
  expectNoWordOf(product.upstreams.geocoding.url, response, refused);
});

test('upstreams that nothing listens for are unreachable', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const cutOff = await startProduct({
    OPEN_METEO_URL: url,
    OPEN_METEO_AIR_QUALITY_URL: url,
    OPEN_METEO_GEOCODING_URL: url,
    GITHUB_API_URL: url,
  });
  try {
    for (const [call, input] of [
      ['weather.forecast', unasked['weather.forecast']()],
      ['weather.places', { name: 'Berlin' }],
      ['proxy.github.releases', unasked['proxy.github.releases']()],
    ] as const) {
      const response = await post(cutOff, call, input);
      const refused = await expectRefusal(response, { reason: 'upstream_unreachable', path: call });
      expectNoWordOf(url, response, refused);
      const { err } = await failureLine(cutOff, refused.data.requestId);
      expectCauseAlone(err, 'upstream_unreachable');
      expect(err?.message).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
    }
  } finally {
    await cutOff.close();
  }
});
