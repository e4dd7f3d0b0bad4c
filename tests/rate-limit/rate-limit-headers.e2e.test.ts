import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { invalidPlaces, limitHeadersOf, newVisitor, smallLimits, statusOf } from './calls.ts';

// draft-ietf-httpapi-ratelimit-headers-11: Lists of String Items with the parameters q and w, or r and t.

let product: Product;
beforeAll(async () => {
  product = await startProduct({ TRUSTED_PROXY_HOPS: '1', RATE_LIMITS: smallLimits });
});
afterAll(() => product.close());

const mail = { email: 'ada@visitor.example', contents: 'Hello' };

describe('a response contains the policy and the remaining points', () => {
  test.each([
    { path: 'fixture.body', input: 1, status: 200, policy: '"light";q=5;w=60', state: '"light";r=4;t=60' },
    { path: 'proxy.endpoints', status: 200, policy: '"light";q=5;w=60', state: '"light";r=4;t=60' },
    { ...invalidPlaces, status: 400, policy: '"upstream";q=3;w=60', state: '"upstream";r=2;t=60' },
    {
      path: 'proxy.items.item',
      input: { params: { owner: 'no-such-owner', repo: 'no-such-repo' } },
      status: 404,
      policy: '"upstream";q=3;w=60',
      state: '"upstream";r=2;t=60',
    },
    {
      path: 'email.send',
      input: mail,
      status: 200,
      policy: '"mail";q=2;w=3600',
      state: '"mail";r=1;t=3600',
    },
    { path: 'email.send', input: {}, status: 400, policy: '"mail";q=2;w=3600', state: '"mail";r=1;t=3600' },
    {
      path: 'email.status',
      input: { id: 'no-such-mail' },
      status: 404,
      policy: '"light";q=5;w=60',
      state: '"light";r=4;t=60',
    },
  ])('$path, status $status', async ({ path, input, status, policy, state }) => {
    const url = `${product.baseUrl}/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`;
    const headers = newVisitor();
    const response =
      path === 'email.status' ? await fetch(url, { headers }) : await post(product, path, input, headers);
    expect(limitHeadersOf(response)).toEqual({ policy, state, retryAfter: null });
    expect(await statusOf(response)).toBe(status);
  });

  test('when an upstream fails', async () => {
    product.upstreams.readings.fault({ kind: 'status', status: 500 });
    try {
      const response = await post(product, 'fixture.reading', { lat: -10, lng: -10 }, newVisitor());
      expect(limitHeadersOf(response)).toMatchObject({
        policy: '"upstream";q=3;w=60',
        state: expect.stringMatching(/^"upstream";r=2;t=\d+$/),
      });
      await expectError(response, { reason: 'upstream_bad_answer' });
    } finally {
      product.upstreams.readings.fault(undefined);
    }
  });
});

test('a 429 has the same wait in Retry-After, RateLimit and the body', async () => {
  const visitor = newVisitor();
  for (let count = 0; count < 2; count += 1) await resultOf(await post(product, 'email.send', mail, visitor));
  const rejected = await post(product, 'email.send', mail, visitor);
  const { policy, state, retryAfter } = limitHeadersOf(rejected);
  const { data, message } = await expectError(rejected, { reason: 'rate_limited', path: 'email.send' });
  expect(message).toBe('Too many calls. Please try again later.');
  expect(data).toEqual({
    code: 'TOO_MANY_REQUESTS',
    httpStatus: 429,
    path: 'email.send',
    requestId: expect.any(String),
    reason: 'rate_limited',
    retryAfterSeconds: Number(retryAfter),
  });
  expect(policy).toBe('"mail";q=2;w=3600');
  expect(state).toBe(`"mail";r=0;t=${retryAfter}`);
  expect(data.retryAfterSeconds).toBeGreaterThan(3_500);
  expect(data.retryAfterSeconds).toBeLessThanOrEqual(3_600);
});
