import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { invalidPlaces, remainingOf, smallLimits, statusOf } from './calls.ts';

const upstreamCall = { ...invalidPlaces, name: 'upstream' } as const;
const mailCall = { path: 'email.send', input: {}, name: 'mail' } as const;

/** Returns the remaining points of the client after each call, or 'rejected' for a rejected call. */
async function leftAfterCalls(
  product: { baseUrl: string },
  calls: Record<string, string>[],
  { path, input, name }: typeof upstreamCall | typeof mailCall = upstreamCall,
) {
  const left = [];
  for (const headers of calls) {
    const response = await post(product, path, input, headers);
    const remaining = remainingOf(response, name);
    left.push((await statusOf(response)) === 429 ? 'rejected' : remaining);
  }
  return left;
}

const forwardedFor = (...entries: string[]) => ({ 'x-forwarded-for': entries.join(', ') });

/** Values that a client sends to impersonate various other clients. */
const forged = ['1.1.1.1', '2001:db8:bad::1', 'nonsense, 9.9.9.9', '127.0.0.1, ::1', 'unknown'];

describe.each([
  // Entries that the operator's proxies append to the client's own header: the address of the client, then those of
  // the proxies except the last one, which is the peer of the socket.
  { hops: 0, chainOf: (_client: string): string[] => [] },
  { hops: 1, chainOf: (client: string) => [client] },
  { hops: 2, chainOf: (client: string) => [client, '198.51.100.1'] },
])('with $hops trusted proxies', ({ hops, chainOf }) => {
  let product: Product;
  let served: { baseUrl: string };
  beforeAll(async () => {
    product = await startProduct({ TRUSTED_PROXY_HOPS: String(hops), RATE_LIMITS: smallLimits });
    // A literal address, because "localhost" can resolve to two addresses, which would count as two clients.
    served = { baseUrl: product.baseUrl.replace('localhost', '127.0.0.1') };
  });
  afterAll(() => product.close());

  test('forged entries neither open a new bucket nor charge that of another client', async () => {
    const calls = forged.map((entry) => forwardedFor(entry, ...chainOf('203.0.113.7')));
    expect(await leftAfterCalls(served, calls)).toEqual([2, 1, 0, 'rejected', 'rejected']);
    await expectError(
      await post(served, upstreamCall.path, upstreamCall.input, forwardedFor(...chainOf('203.0.113.7'))),
      {
        reason: 'rate_limited',
        path: upstreamCall.path,
      },
    );
  });

  test('other headers with a client address are ignored', async () => {
    const claims = ['8.8.8.8', '8.8.4.4', '1.0.0.1', '9.9.9.9'].map((address) => ({
      ...forwardedFor(...chainOf('203.0.113.8')),
      forwarded: `for=${address}`,
      'x-real-ip': address,
      'x-client-ip': address,
      'cf-connecting-ip': address,
      'true-client-ip': address,
    }));
    expect(await leftAfterCalls(served, claims, mailCall)).toEqual([1, 0, 'rejected', 'rejected']);
  });

  // How an address is read does not depend on the number of proxies.
  if (hops !== 1) return;

  const leftFor = (...addresses: string[]) =>
    leftAfterCalls(
      product,
      addresses.map((entry) => forwardedFor(entry)),
    );

  test('the rightmost entry identifies the client, and each client has its own bucket', async () => {
    expect(await leftFor('203.0.113.1', '203.0.113.2', '203.0.113.1', '203.0.113.3')).toEqual([2, 2, 1, 2]);
  });

  test('all notations of an IPv4 address identify the same client', async () => {
    expect(
      await leftFor('203.0.113.10', '::ffff:203.0.113.10', '203.0.113.10:5000', '[::ffff:cb00:710a]:1'),
    ).toEqual([2, 1, 0, 'rejected']);
  });

  test('an IPv6 client is identified by its /64', async () => {
    expect(
      await leftFor(
        '2001:db8:1:2::1',
        '2001:db8:1:2:ffff:ffff:ffff:ffff',
        '[2001:DB8:1:2::3]:443',
        '2001:db8:1:2::4',
      ),
    ).toEqual([2, 1, 0, 'rejected']);
    expect(await leftFor('2001:db8:1:3::1', '2001:db8:2:2::1')).toEqual([2, 2]);
  });

  test('invalid addresses share one bucket with requests that bypassed the proxy', async () => {
    expect(await leftFor('nonsense', '300.1.1.1', '0x7f.1')).toEqual([2, 1, 0]);
    expect(await leftFor('127.1', '<script>', '010.0.0.1', 'localhost')).toEqual(Array(4).fill('rejected'));
    expect(await leftAfterCalls(product, [{}])).toEqual(['rejected']);
  });
});
