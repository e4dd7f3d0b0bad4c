import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import {
  batch,
  invalidPlaces,
  limitHeadersOf,
  newVisitor,
  remainingOf,
  smallLimits,
  statusOf,
} from './calls.ts';
import { bearer, invalidToken, keys, serviceKeys, sha256Of } from './keys.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({
    TRUSTED_PROXY_HOPS: '1',
    RATE_LIMITS: smallLimits,
    SERVICE_KEYS: serviceKeys,
    LOG_LEVEL: 'trace',
  });
});
afterAll(() => product.close());

const unknownKeys = [
  'not-a-key-of-anyone',
  // The configured hash is not a key: reading the configuration does not allow calls.
  sha256Of(keys.reader),
  keys.reader.slice(0, -1),
  `${keys.reader}x`,
  keys.reader.toUpperCase(),
];

describe('a service key', () => {
  test('has its own bucket, regardless of the address, and does not charge the visitor at that address', async () => {
    const visitor = newVisitor();
    const call = (headers: Record<string, string>) => post(product, 'fixture.body', 1, headers);
    for (const left of [4, 3, 2, 1, 0]) expect(remainingOf(await call(visitor), 'light')).toBe(left);
    await expectError(await call(visitor), { reason: 'rate_limited' });

    expect(remainingOf(await call({ ...visitor, ...bearer(keys.reader) }), 'light')).toBe(4);
    expect(remainingOf(await call({ ...newVisitor(), ...bearer(keys.reader) }), 'light')).toBe(3);
    expect(remainingOf(await call({ ...visitor, ...bearer(keys.writer) }), 'light')).toBe(4);
    await expectError(await call(visitor), { reason: 'rate_limited' });
  });

  test('is rate-limited', async () => {
    const call = () => post(product, invalidPlaces.path, invalidPlaces.input, bearer(keys.scraper));
    for (const left of [2, 1, 0]) expect(remainingOf(await call(), 'upstream')).toBe(left);
    await expectError(await call(), { reason: 'rate_limited', path: invalidPlaces.path });
  });

  test.each(['bearer', 'BEARER', 'Bearer '])('is recognised after the scheme %j', async (scheme) => {
    const response = await post(product, 'nothing.here', 1, { authorization: `${scheme} ${keys.reader}` });
    await expectError(response, { reason: 'not_found' });
  });
});

describe('an invalid key is rejected with 401, a challenge and an error response:', () => {
  test.each([
    ...unknownKeys.map((key) => `Bearer ${key}`),
    'Bearer',
    'Bearer  ',
    `Bearer ${keys.reader} ${keys.reader}`,
    `Bearer "${keys.reader}"`,
    `Bearer key=${keys.reader}`,
    `Bearer ${keys.reader}, Basic YTpi`,
    `Bearer ${'a'.repeat(600)}`,
  ])('%s', async (authorization) => {
    const visitor = newVisitor();
    const response = await post(product, 'fixture.body', 1, { ...visitor, authorization });
    expect(response.headers.get('www-authenticate')).toBe(invalidToken);
    expect(limitHeadersOf(response).state).toBeNull();
    const { data, message } = await expectError(response, { reason: 'unauthorized', path: 'fixture.body' });
    expect(message).toBe('A valid service key is required.');
    expect(data).toEqual({
      code: 'UNAUTHORIZED',
      httpStatus: 401,
      path: 'fixture.body',
      requestId: expect.any(String),
      reason: 'unauthorized',
    });
  });

  test('a batch as a whole', async () => {
    const response = await batch(
      product,
      [{ path: 'fixture.body' }, { path: 'fixture.body' }],
      bearer('wrong-key'),
    );
    expect(response.headers.get('www-authenticate')).toBe(invalidToken);
    await expectError(response, { reason: 'unauthorized' });
  });
});

describe('a caller with another authorization scheme is a visitor', () => {
  test.each([
    'Basic YWRhOnNlY3JldA==',
    'Digest username="ada"',
    `Token ${keys.reader}`,
    `Bearerish ${keys.reader}`,
    // A hyphen is part of the scheme name, which is a token (RFC 9110, section 11.1).
    `Bearer-Like ${keys.reader}`,
    keys.reader,
  ])('%s', async (authorization) => {
    const visitor = newVisitor();
    const response = await post(product, 'fixture.body', 1, { ...visitor, authorization });
    expect(remainingOf(response, 'light')).toBe(4);
    expect(await statusOf(response)).toBe(200);
    expect(remainingOf(await post(product, 'fixture.body', 1, visitor), 'light')).toBe(3);
  });
});

test('the log contains the names of services but no key, neither known nor unknown', async () => {
  const visitor = newVisitor();
  for (const key of [...Object.values(keys), ...unknownKeys]) {
    for (const headers of [bearer(key), { authorization: `Basic ${key}` }]) {
      await statusOf(await post(product, 'fixture.body', 1, { ...visitor, ...headers }));
      await statusOf(await post(product, 'fixture.reading', { lat: 91 }, { ...visitor, ...headers }));
      await statusOf(await fetch(`${product.baseUrl}/metrics`, { headers: { ...visitor, ...headers } }));
    }
  }
  product.upstreams.items.fault({ kind: 'status', status: 500 });
  try {
    const input = { params: { owner: 'trpc', repo: 'of-a-service' } };
    const failed = await post(product, 'proxy.items.item', input, bearer(keys.reader));
    await expectError(failed, { reason: 'upstream_bad_answer' });
  } finally {
    product.upstreams.items.fault(undefined);
  }
  const id = 'the-last-of-the-keys';
  await statusOf(await post(product, 'nothing.here', 1, { ...bearer(keys.writer), 'x-request-id': id }));
  await expect.poll(() => product.log(), { timeout: 10_000 }).toContain(id);

  const log = product.log();
  expect(log).toContain('service:reader');
  expect(log).toContain('service:writer');
  for (const key of [...Object.values(keys), ...unknownKeys]) {
    expect(log).not.toContain(key);
    expect(log).not.toContain(sha256Of(key));
  }
});
