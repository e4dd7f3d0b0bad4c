import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, post, rawRequest, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import {
  batch,
  invalidPlaces,
  limitHeadersOf,
  newVisitor,
  outcomesOf,
  remainingOf,
  smallLimits,
  statusOf,
} from './calls.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ TRUSTED_PROXY_HOPS: '1', RATE_LIMITS: smallLimits });
});
afterAll(() => product.close());

const echo = (input: unknown) => ({ path: 'fixture.body', input });

describe('a call', () => {
  test('costs one point of its class and is rejected when none is left', async () => {
    const visitor = newVisitor();
    for (const left of [4, 3, 2, 1, 0]) {
      const response = await post(product, 'fixture.body', left, visitor);
      expect(remainingOf(response, 'light')).toBe(left);
      expect(await resultOf(response)).toEqual({ res: left });
    }
    const rejected = await post(product, 'fixture.body', 'more', visitor);
    await expectError(rejected, { reason: 'rate_limited', path: 'fixture.body' });
  });

  test('costs the same with GET and with POST', async () => {
    const visitor = newVisitor();
    const url = `${product.baseUrl}/api/trpc/fixture.request`;
    expect(remainingOf(await fetch(url, { headers: visitor }), 'light')).toBe(4);
    expect(remainingOf(await post(product, 'fixture.body', 1, visitor), 'light')).toBe(3);
  });

  test('costs no points of other classes', async () => {
    const visitor = newVisitor();
    for (let count = 0; count < 3; count += 1) {
      await statusOf(await post(product, invalidPlaces.path, invalidPlaces.input, visitor));
    }
    const rejected = await post(product, 'fixture.reading', { lat: 1, lng: 1 }, visitor);
    await expectError(rejected, { reason: 'rate_limited', path: 'fixture.reading' });
    expect(remainingOf(await post(product, 'fixture.body', 1, visitor), 'light')).toBe(4);
    const mail = { email: 'ada@visitor.example', contents: 'Hello' };
    expect(remainingOf(await post(product, 'email.send', mail, visitor), 'mail')).toBe(1);
  });

  test('costs a point when it is sent as a form', async () => {
    const visitor = newVisitor();
    const body = new FormData();
    body.set('email', 'ada@visitor.example');
    body.set('contents', 'Hello');
    const url = `${product.baseUrl}/api/trpc/email.send`;
    const send = () => fetch(url, { method: 'POST', body, headers: visitor });
    expect(remainingOf(await send(), 'mail')).toBe(1);
    expect(remainingOf(await send(), 'mail')).toBe(0);
    await expectError(await send(), { reason: 'rate_limited', path: 'email.send' });
  });
});

describe('charging happens before input validation', () => {
  test('a call with invalid input costs as much as a valid one', async () => {
    const visitor = newVisitor();
    for (const left of [2, 1, 0]) {
      const response = await post(product, 'fixture.reading', { lat: 91, lng: 0 }, visitor);
      expect(remainingOf(response, 'upstream')).toBe(left);
      await expectError(response, { reason: 'invalid_input', path: 'fixture.reading' });
    }
    const { data } = await expectError(await post(product, 'fixture.reading', { lat: 91, lng: 0 }, visitor), {
      reason: 'rate_limited',
    });
    expect(data.fieldErrors).toBeUndefined();
  });

  test('a rejected call reaches no upstream', async () => {
    const visitor = newVisitor();
    const upstreamRequests = () => product.upstreams.readings.requests.length;
    const before = upstreamRequests();
    for (const lat of [10, 20, 30, 40, 50]) {
      await statusOf(await post(product, 'fixture.reading', { lat, lng: 0 }, visitor));
    }
    expect(upstreamRequests() - before).toBe(3);
  });
});

describe('a batch', () => {
  test('of n calls costs n points', async () => {
    const visitor = newVisitor();
    const response = await batch(product, [echo(1), echo(2), echo(3)], visitor);
    expect(remainingOf(response, 'light')).toBe(2);
    expect(await outcomesOf(response)).toEqual([{ res: 1 }, { res: 2 }, { res: 3 }]);
  });

  test('that runs out of points returns 207: the first calls succeed, the rest are rejected', async () => {
    const visitor = newVisitor();
    await statusOf(await batch(product, [echo(1), echo(2), echo(3)], visitor));
    const response = await batch(product, [echo(4), echo(5), echo(6), echo(7)], visitor);
    expect(response.status).toBe(207);
    const { policy, state, retryAfter } = limitHeadersOf(response);
    expect(policy).toBe('"light";q=5;w=60');
    expect(state).toBe(`"light";r=0;t=${retryAfter}`);
    expect(await outcomesOf(response)).toEqual([{ res: 4 }, { res: 5 }, 'rate_limited', 'rate_limited']);
  });

  test('returns 429 when all of its calls are rejected', async () => {
    const visitor = newVisitor();
    await statusOf(await batch(product, [1, 2, 3, 4, 5].map(echo), visitor));
    const response = await batch(product, [echo(6), echo(7)], visitor);
    expect(response.status).toBe(429);
    expect(limitHeadersOf(response).retryAfter).toMatch(/^\d+$/);
    expect(await outcomesOf(response)).toEqual(['rate_limited', 'rate_limited']);
  });

  test('of two classes charges both, and an empty bucket of one does not affect the other', async () => {
    const visitor = newVisitor();
    await statusOf(await batch(product, Array(3).fill(invalidPlaces), visitor));
    const response = await batch(product, [invalidPlaces, { path: 'proxy.endpoints' }], visitor);
    expect(response.status).toBe(207);
    const { policy, state, retryAfter } = limitHeadersOf(response);
    expect(policy?.split(', ').sort()).toEqual(['"light";q=5;w=60', '"upstream";q=3;w=60']);
    expect(state?.split(', ').sort()).toEqual([
      expect.stringMatching(/^"light";r=4;t=(59|60)$/),
      `"upstream";r=0;t=${retryAfter}`,
    ]);
    expect(await outcomesOf(response)).toEqual(['rate_limited', expect.any(Array)]);
  });
});

describe('a request that calls no procedure', () => {
  test('has no class, costs nothing and gets no rate-limit headers', async () => {
    const visitor = newVisitor();
    for (let count = 0; count < 8; count += 1) {
      const response = await post(product, 'nothing.here', 1, visitor);
      expect(limitHeadersOf(response)).toEqual({ policy: null, state: null, retryAfter: null });
      await expectError(response, { reason: 'not_found', path: 'nothing.here' });
    }
    expect(remainingOf(await post(product, 'fixture.body', 1, visitor), 'light')).toBe(4);
  });

  test('costs nothing in a batch either', async () => {
    const visitor = newVisitor();
    const response = await batch(product, [echo(1), { path: 'nothing.here' }, echo(2)], visitor);
    expect(remainingOf(response, 'light')).toBe(3);
    expect(await outcomesOf(response)).toEqual([{ res: 1 }, 'not_found', { res: 2 }]);
  });

  test('costs nothing when it is rejected before the call or is a preflight', async () => {
    const visitor = newVisitor();
    const path = '/api/trpc/fixture.body';
    const json = { 'content-type': 'application/json' };
    const requests = [
      rawRequest(product, { method: 'DELETE', path, headers: visitor }),
      rawRequest(product, { method: 'POST', path, headers: { ...visitor, 'content-type': 'text/plain' } }),
      rawRequest(product, {
        method: 'POST',
        path,
        headers: { ...visitor, ...json, 'sec-fetch-site': 'cross-site' },
        chunks: ['{"json":1}'],
      }),
      rawRequest(product, {
        method: 'POST',
        path,
        headers: { ...visitor, ...json },
        chunks: [`{"json":"${'a'.repeat(70_000)}"}`],
      }),
      fetch(`${product.baseUrl}${path}`, { method: 'OPTIONS', headers: visitor }),
    ];
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    expect(statuses).toEqual([405, 415, 403, 413, 204]);
    expect(remainingOf(await post(product, 'fixture.body', 1, visitor), 'light')).toBe(4);
  });
});
