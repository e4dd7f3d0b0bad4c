import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { fileUrl, octets } from './raw-client.ts';

let product: Product;
beforeAll(async () => {
  // The upstream class allows three requests; the light class is for proxy.endpoints.
  product = await startProduct({ RATE_LIMITS: 'light=1000/60,upstream=3/3600' });
});
afterAll(() => product.close());

test('downloads and uploads count against the upstream rate limit', async () => {
  const url = fileUrl(product, 'synthetic-10.bin');
  const { requests } = product.upstreams.store;

  // Requests that are rejected before any work are not charged.
  await expectError(await fetch(`${product.baseUrl}/api/raw/store/other`), { reason: 'not_found' });
  await expectError(await fetch(url, { method: 'DELETE' }), { reason: 'method_not_allowed' });
  expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(204);

  const headers = { ...octets, ...proxyAuthorization };
  const allowed: RequestInit[] = [
    { headers },
    { method: 'HEAD', headers },
    { method: 'PUT', body: 'x', headers },
  ];
  for (const [index, init] of allowed.entries()) {
    const response = await fetch(url, init);
    await response.arrayBuffer();
    expect(response.ok).toBe(true);
    expect(response.headers.get('ratelimit-policy')).toBe('"upstream";q=3;w=3600');
    expect(response.headers.get('ratelimit')).toMatch(new RegExp(`^"upstream";r=${2 - index};t=\\d+$`));
  }
  expect(requests).toHaveLength(3);

  for (const init of [{ headers }, { method: 'PUT', body: 'x', headers }]) {
    const response = await fetch(url, init);
    const { data } = await expectError(response, { reason: 'rate_limited' });
    expect(response.headers.get('ratelimit')).toMatch(/^"upstream";r=0;t=\d+$/);
    expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    expect(data.retryAfterSeconds).toBeGreaterThan(0);
  }
  expect(requests).toHaveLength(3);

  // Upstream calls share the bucket, other calls do not.
  const params = { owner: 'trpc', repo: 'trpc' };
  const repository = await post(product, 'proxy.items.item', { params }, proxyAuthorization);
  await expectError(repository, { reason: 'rate_limited' });
  await resultOf(await post(product, 'proxy.endpoints', undefined, proxyAuthorization));
});
