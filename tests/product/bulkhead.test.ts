import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { limits } from '#server/config/limits.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal, post, resultOf } from './call.ts';

const { connections, queue } = limits.upstream;

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());

let asked = 0;

/** Calls of the upstream that hangs, each with an answer of its own to come; resolves to why each failed. */
function callHanging(count: number): Promise<string[]> {
  const calls = Array.from({ length: count }, async () => {
    asked += 1;
    const input = { params: { owner: 'trpc', repo: `r${asked}` } };
    const response = await post(product, 'proxy.github.repository', input);
    const reason = response.status === 504 ? 'upstream_timeout' : 'upstream_overloaded';
    const { data } = await expectRefusal(response, { reason, path: 'proxy.github.repository' });
    if (reason === 'upstream_overloaded') {
      expect(data.retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    }
    return reason;
  });
  return Promise.all(calls);
}

test('an upstream that hangs takes its own compartment, and no call of the others fails', async () => {
  product.upstreams.github.fault({ kind: 'hang' });
  let ended = false;
  const hanging = callHanging(connections + queue).finally(() => {
    ended = true;
  });

  const { status } = createScriptClient({ baseUrl: product.baseUrl }).proxy;
  await vi.waitFor(
    async () => {
      const github = (await status.query()).find(({ name }) => name === 'github');
      expect(github).toMatchObject({ running: connections, waiting: queue });
    },
    { timeout: 10_000, interval: 20 },
  );

  // There is no place left to wait in: refused while the others still wait.
  const refused = await callHanging(10);
  expect(new Set(refused)).toEqual(new Set(['upstream_overloaded']));
  expect(ended).toBe(false);

  const others = Array.from({ length: 10 }, async (_, index) => {
    await resultOf(await post(product, 'weather.forecast', { lat: index, lng: 5, days: 1 }));
    await resultOf(await post(product, 'weather.places', { name: `Place ${index}` }));
    await resultOf(await post(product, 'echo.body', index));
    const file = await fetch(`${product.baseUrl}/api/raw/files/files/synthetic-1000.bin`);
    expect((await file.arrayBuffer()).byteLength).toBe(1000);
  });
  await Promise.all(others);

  const timeouts = (await hanging).filter((reason) => reason === 'upstream_timeout');
  expect(timeouts.length).toBeGreaterThanOrEqual(connections);
  const urls = product.upstreams.github.requests.map(({ url }) => url);
  for (let last = asked; last > asked - refused.length; last -= 1) {
    expect(urls).not.toContain(`/repos/trpc/r${last}`);
  }
});
