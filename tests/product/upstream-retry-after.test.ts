import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal, post } from './call.ts';
import { expectFailure, failingCalls, standInOf, status, unasked } from './failing-upstream.ts';

/** A product for each: once an upstream has said when, it is left alone until then. */
describe.each([
  { code: 429, seconds: 17 },
  { code: 503, seconds: 2 },
])('an upstream that answers $code with Retry-After: $seconds', ({ code, seconds }) => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct();
  });
  afterAll(() => product.close());

  test.each(failingCalls)('%s passes the number on', async (call) => {
    await expectFailure(product, call, {
      fault: status(code, { 'retry-after': String(seconds) }),
      reason: 'upstream_overloaded',
      retryAfterSeconds: seconds,
    });
    const { requests, fault } = standInOf(product, call);
    const asked = requests.length;
    fault(undefined);
    const response = await post(product, call, unasked[call]());
    const { data } = await expectRefusal(response, { reason: 'upstream_overloaded', path: call });
    expect(data.retryAfterSeconds).toBeGreaterThan(0);
    expect(data.retryAfterSeconds).toBeLessThanOrEqual(seconds);
    expect(response.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    expect(requests).toHaveLength(asked);
  });
});
