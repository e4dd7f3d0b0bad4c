import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { limits } from '#server/config/limits.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const { connections, queue, callsPerClient } = limits.upstream;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ TRUSTED_PROXY_HOPS: '1' });
});
afterAll(() => product.close());

let sent = 0;

/** Returns the headers of a client. Each has its own share of the calls. */
const asClient = (number: number) => ({ 'x-forwarded-for': `192.0.2.${number}` });

/** Makes calls to the hanging upstream, each for a different URL. @returns the reason that each failed with */
function callHanging(count: number): Promise<string[]> {
  const calls = Array.from({ length: count }, async () => {
    sent += 1;
    const input = { params: { owner: 'trpc', repo: `r${sent}` } };
    const client = asClient(Math.floor(sent / callsPerClient));
    const response = await post(product, 'proxy.items.item', input, client);
    const reason = response.status === 504 ? 'upstream_timeout' : 'upstream_overloaded';
    const { data } = await expectError(response, { reason, path: 'proxy.items.item' });
    if (reason === 'upstream_overloaded') {
      expect(data.retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    }
    return reason;
  });
  return Promise.all(calls);
}

test('a hanging upstream exhausts only its own bulkhead, and calls to other upstreams succeed', async () => {
  product.upstreams.items.fault({ kind: 'hang' });
  let settled = false;
  const hanging = callHanging(connections + queue).finally(() => {
    settled = true;
  });

  const { status } = createScriptClient({ baseUrl: product.baseUrl }).proxy;
  await vi.waitFor(
    async () => {
      const items = (await status.query()).find(({ name }) => name === 'items');
      expect(items).toMatchObject({ running: connections, waiting: queue });
    },
    { timeout: 10_000, interval: 20 },
  );

  // The queue is full: further calls are rejected while the others still wait.
  const rejected = await callHanging(10);
  expect(new Set(rejected)).toEqual(new Set(['upstream_overloaded']));
  expect(settled).toBe(false);

  const others = Array.from({ length: 10 }, async (_, index) => {
    await resultOf(await post(product, 'fixture.reading', { lat: index, lng: 5, days: 1 }));
    await resultOf(await post(product, 'fixture.search', { name: `Place ${index}` }));
    await resultOf(await post(product, 'fixture.body', index));
    const file = await fetch(`${product.baseUrl}/api/raw/store/files/synthetic-1000.bin`, {
      headers: asClient(100 + index),
    });
    expect((await file.arrayBuffer()).byteLength).toBe(1000);
  });
  await Promise.all(others);

  const timeouts = (await hanging).filter((reason) => reason === 'upstream_timeout');
  expect(timeouts.length).toBeGreaterThanOrEqual(connections);
  const urls = product.upstreams.items.requests.map(({ url }) => url);
  for (let last = sent; last > sent - rejected.length; last -= 1) {
    expect(urls).not.toContain(`/repos/trpc/r${last}`);
  }
});
