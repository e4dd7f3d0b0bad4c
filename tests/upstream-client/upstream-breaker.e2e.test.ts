import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { limits } from '#server/config/limits.ts';
import { type Exposition, parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;
const known = { params: { owner: 'trpc', repo: 'trpc' } };

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());

const render = () => post(product, 'proxy.items.render', { body: { text: 'again' } });

async function metrics(): Promise<Exposition> {
  const response = await fetch(`${product.baseUrl}/metrics`);
  expect(response.status).toBe(200);
  return parsePrometheus(await response.text());
}

async function statusOf(name: string) {
  const all = await createScriptClient({ baseUrl: product.baseUrl }).proxy.status.query();
  const found = all.find((upstream) => upstream.name === name);
  if (!found) throw new Error(`no upstream ${name}`);
  return found;
}

async function expectOverloaded(): Promise<number> {
  const response = await render();
  const { data } = await expectError(response, {
    reason: 'upstream_overloaded',
    path: 'proxy.items.render',
  });
  expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
  expect(data.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  expect(data.retryAfterSeconds).toBeLessThanOrEqual(openFor / 1000);
  return data.retryAfterSeconds ?? Number.NaN;
}

/** Makes calls until the circuit breaker rejects one. */
async function untilCircuitOpen(): Promise<void> {
  for (let call = 0; call < 2 * minimumAttempts; call += 1) {
    const response = await render();
    await response.arrayBuffer();
    if (response.status === 503) return;
    expect(response.status).toBe(502);
  }
  throw new Error('the circuit has not opened');
}

async function expectOtherUpstreamsWork(): Promise<void> {
  await resultOf(await post(product, 'fixture.reading', { lat: Math.random() * 80, lng: 5 }));
  await resultOf(await post(product, 'fixture.search', { name: `Place ${Math.random()}` }));
  for (const [path, init] of [
    ['archives/trpc/trpc/tar.gz/v1.32.0', {}],
    ['store/files/synthetic-1000.bin', {}],
    [
      'store/files/mine.bin',
      {
        method: 'PUT',
        body: 'four',
        headers: { ...proxyAuthorization, 'content-type': 'application/octet-stream' },
      },
    ],
  ] as const) {
    const response = await fetch(`${product.baseUrl}/api/raw/${path}`, init);
    expect(response.ok, await response.text()).toBe(true);
  }
}

test('a failing upstream opens its circuit, which is reported and closes after recovery', async () => {
  const { items } = product.upstreams;
  await resultOf(await post(product, 'proxy.items.item', known));
  expect(await statusOf('items')).toMatchObject({ breaker: 'closed', failures: 0, lastFailure: null });

  items.fault({ kind: 'status', status: 500 });
  await untilCircuitOpen();
  const requests = items.requests.length;
  for (let call = 0; call < 5; call += 1) await expectOverloaded();
  await expectOtherUpstreamsWork();
  // A cached response needs no upstream.
  expect(await resultOf(await post(product, 'proxy.items.item', known))).toMatchObject({
    meta: { cache: 'hit' },
  });
  expect(items.requests).toHaveLength(requests);

  const [open, measured] = [await statusOf('items'), await metrics()];
  expect(open).toMatchObject({ breaker: 'open', lastFailure: { fault: 'breaker_open' } });
  expect(total(measured, 'bff_upstream_breaker_state', { upstream: 'items' })).toBe(2);
  const attempts = (outcome: string) =>
    total(measured, 'bff_upstream_tries_total', { upstream: 'items', outcome });
  expect(attempts('ok') + attempts('server_error')).toBe(requests);
  expect(attempts('server_error')).toBeGreaterThanOrEqual(minimumAttempts / 2);
  expect(attempts('breaker_open')).toBeGreaterThanOrEqual(5);
  const calls = (outcome: string) =>
    total(measured, 'bff_upstream_calls_total', { upstream: 'items', outcome });
  expect(calls('ok')).toBe(1);
  expect(calls('server_error') + calls('breaker_open')).toBe(open.failures);
  expect(total(measured, 'bff_upstream_calls_total', { upstream: 'items' })).toBe(open.calls);
  expect(total(measured, 'bff_upstream_call_duration_seconds_count', { upstream: 'items' })).toBe(open.calls);
  expect(total(measured, 'bff_upstream_answers_total', { upstream: 'items', cache: 'miss' })).toBe(1);
  expect(total(measured, 'bff_upstream_answers_total', { upstream: 'items', cache: 'hit' })).toBe(1);

  items.fault(undefined);
  await delay((await expectOverloaded()) * 1000);
  await resultOf(await render());
  expect(items.requests).toHaveLength(requests + 1);
  await resultOf(await render());
  expect(await statusOf('items')).toMatchObject({ breaker: 'closed' });
  const recovered = await metrics();
  expect(total(recovered, 'bff_upstream_breaker_state', { upstream: 'items' })).toBe(0);
});

test('successful calls are counted per upstream', async () => {
  const before = await metrics();
  await expectOtherUpstreamsWork();
  const after = await metrics();
  const rise = (name: string, labels: Record<string, string>) =>
    total(after, name, labels) - total(before, name, labels);
  const callsOf = {
    readings: 1,
    search: 1,
    archives: 1,
    store: 2,
    items: 0,
  };
  for (const [upstream, count] of Object.entries(callsOf)) {
    expect(rise('bff_upstream_calls_total', { upstream, outcome: 'ok' }), upstream).toBe(count);
    expect(rise('bff_upstream_calls_total', { upstream }), upstream).toBe(count);
    expect(rise('bff_upstream_tries_total', { upstream, outcome: 'ok' }), upstream).toBe(count);
    expect(rise('bff_upstream_call_duration_seconds_count', { upstream }), upstream).toBe(count);
    const received = rise('bff_upstream_bytes_total', { upstream, direction: 'received' });
    if (count === 0) expect(received, upstream).toBe(0);
    else expect(received, upstream).toBeGreaterThan(0);
  }
  expect(rise('bff_upstream_bytes_total', { upstream: 'store', direction: 'sent' })).toBe(4);
  const { types } = after;
  expect([
    types.get('bff_upstream_breaker_state'),
    types.get('bff_upstream_call_duration_seconds'),
    types.get('bff_upstream_bytes_total'),
  ]).toEqual(['gauge', 'histogram', 'counter']);
});
