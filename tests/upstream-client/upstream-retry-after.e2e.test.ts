import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectFailure, failingCalls, freshInputs, standInOf, status } from './failing-upstream.ts';

/** Each case starts its own product, because an upstream is not called again before the pause has passed. */
describe.each([
  { code: 429, headers: { 'retry-after': '17' }, seconds: 17 },
  { code: 503, headers: { 'retry-after': '2' }, seconds: 2 },
  { code: 429, headers: {}, seconds: 5 },
  { code: 403, headers: { ratelimit: '"default";r=0;t=40' }, seconds: 40 },
])('an upstream response of $code with $headers', ({ code, headers, seconds }) => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct();
  });
  afterAll(() => product.close());

  test.each(failingCalls)('is passed on by %s', async (call) => {
    await expectFailure(product, call, {
      fault: status(code, headers),
      reason: 'upstream_overloaded',
      retryAfterSeconds: seconds,
    });
    const { requests, fault } = standInOf(product, call);
    const before = requests.length;
    fault(undefined);
    const response = await post(product, call, freshInputs[call]());
    const { data } = await expectError(response, { reason: 'upstream_overloaded', path: call });
    expect(data.retryAfterSeconds).toBeGreaterThan(0);
    expect(data.retryAfterSeconds).toBeLessThanOrEqual(seconds);
    expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    expect(requests).toHaveLength(before);
  });
});
