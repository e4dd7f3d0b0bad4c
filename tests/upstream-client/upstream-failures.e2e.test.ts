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
  await addSuccesses(product, 'fixture.reading');
  await addSuccesses(product, 'proxy.items.render');
});
afterEach(() => {
  const { readings, search, items } = product.upstreams;
  for (const standIn of [readings, search, items]) standIn.fault(undefined);
});

describe.each(failingCalls)('%s when its upstream returns', (call) => {
  test.each(rows)('$title', async ({ fault, reason, retryAfterSeconds }) => {
    await expectFailure(product, call, { fault, reason, retryAfterSeconds });
  });

  test('a correct response after a failure, which is not cached', async () => {
    const { fault: setFault } = standInOf(product, call);
    const again =
      call === 'fixture.reading' ? freshInputs[call]() : { params: { owner: 'trpc', repo: 'trpc' } };
    setFault(status(500));
    await expectError(await post(product, call, again), { reason: 'upstream_bad_answer' });
    setFault(undefined);
    await resultOf(await post(product, call, again));
  });
});

test('a hanging upstream is reported as a timeout to callers', async () => {
  product.upstreams.readings.fault({ kind: 'hang' });
  product.upstreams.items.fault({ kind: 'hang' });
  const responses = await Promise.all([
    post(product, 'fixture.reading', freshInputs['fixture.reading']()),
    post(product, 'proxy.items.versions', freshInputs['proxy.items.versions']()),
  ]);
  for (const response of responses) {
    expect(response.status).toBe(504);
    const error = await expectError(response, { reason: 'upstream_timeout' });
    expect((await failureLine(product, error.data.requestId)).reason).toBe('upstream_timeout');
  }
});

test('an upstream 404 is not_found for the proxy and a broken service for a procedure', async () => {
  product.upstreams.items.fault(status(404));
  product.upstreams.readings.fault(status(404));
  const item = await post(product, 'proxy.items.versions', freshInputs['proxy.items.versions']());
  expectNothingLeaked(
    product.upstreams.items.url,
    item,
    await expectError(item, { reason: 'not_found', path: 'proxy.items.versions' }),
  );
  const reading = await post(product, 'fixture.reading', freshInputs['fixture.reading']());
  // The caller sent a valid place: a 4xx would blame the caller for a wrong URL in the operator's settings.
  expect(reading.status, await reading.text()).toBe(502);
});

test('fixture.search reports a failing upstream in the same way', async () => {
  product.upstreams.search.fault(status(500));
  const response = await post(product, 'fixture.search', { name: 'Nowhere' });
  const error = await expectError(response, { reason: 'upstream_bad_answer', path: 'fixture.search' });
  expectNothingLeaked(product.upstreams.search.url, response, error);
});

test('upstreams that are not listening are reported as unreachable', async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const withoutUpstreams = await startProduct({
    FIXTURE_READINGS_URL: url,
    FIXTURE_SEARCH_URL: url,
    FIXTURE_ITEMS_URL: url,
  });
  try {
    for (const [call, input] of [
      ['fixture.reading', freshInputs['fixture.reading']()],
      ['fixture.search', { name: 'Berlin' }],
      ['proxy.items.versions', freshInputs['proxy.items.versions']()],
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
