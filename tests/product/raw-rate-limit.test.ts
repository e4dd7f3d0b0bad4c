import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal, post, resultOf } from './call.ts';
import { fileUrl, octets } from './raw-client.ts';

let product: Product;
beforeAll(async () => {
  // The class of the upstreams lasts for three; the other one is for calls that tell what is there.
  product = await startProduct({ RATE_LIMITS: 'light=1000/60,upstream=3/3600' });
});
afterAll(() => product.close());

test('streams are charged to the class of the upstreams, in both directions', async () => {
  const url = fileUrl(product, 'synthetic-10.bin');
  const { requests } = product.upstreams.files;

  // What is turned away before its work begins costs nothing.
  await expectRefusal(await fetch(`${product.baseUrl}/api/raw/files/other`), { reason: 'not_found' });
  await expectRefusal(await fetch(url, { method: 'DELETE' }), { reason: 'method_not_allowed' });
  expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(204);

  const allowed: RequestInit[] = [{}, { method: 'HEAD' }, { method: 'PUT', body: 'x', headers: octets }];
  for (const [index, init] of allowed.entries()) {
    const response = await fetch(url, init);
    await response.arrayBuffer();
    expect(response.ok).toBe(true);
    expect(response.headers.get('ratelimit-policy')).toBe('"upstream";q=3;w=3600');
    expect(response.headers.get('ratelimit')).toMatch(new RegExp(`^"upstream";r=${2 - index};t=\\d+$`));
  }
  expect(requests).toHaveLength(3);

  for (const init of [{}, { method: 'PUT', body: 'x', headers: octets }]) {
    const response = await fetch(url, init);
    const { data } = await expectRefusal(response, { reason: 'rate_limited' });
    expect(response.headers.get('ratelimit')).toMatch(/^"upstream";r=0;t=\d+$/);
    expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    expect(data.retryAfterSeconds).toBeGreaterThan(0);
  }
  expect(requests).toHaveLength(3);

  // One bucket with the calls that go to the same upstreams, none with the others.
  const params = { owner: 'trpc', repo: 'trpc' };
  await expectRefusal(await post(product, 'proxy.github.repository', { params }), { reason: 'rate_limited' });
  await resultOf(await post(product, 'proxy.endpoints'));
});
