import { afterAll, beforeAll, expect, test } from 'vitest';
import { networkOf } from '#server/principal.ts';
import { post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({
    TRUSTED_PROXY_HOPS: '1',
    RATE_LIMITS: 'mail=1000/60,mailSender=1000/60,mailSubnet=3/600,mailNetwork=5/600,mailSite=1000/60',
  });
});
afterAll(() => product.close());

test.each([
  ['192.0.2.1', undefined, undefined],
  ['unknown', undefined, undefined],
  ['2001:db8:1:2::/64', '2001:db8:1::/56', '2001:db8:1::/48'],
  ['2001:db8:1:ff::/64', '2001:db8:1::/56', '2001:db8:1::/48'],
  ['2001:db8:1:100::/64', '2001:db8:1:100::/56', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::/64', '2001:db8:1:ff00::/56', '2001:db8:1::/48'],
  ['2001:db8:2::/64', '2001:db8:2::/56', '2001:db8:2::/48'],
])('the networks of %s are %s and %s', (address, subnet, network) => {
  expect([networkOf(address, 56), networkOf(address, 48)]).toEqual([subnet, network]);
});

/** Sends a mail from each address. Returns the sorted status codes. */
async function send(addresses: string[]): Promise<number[]> {
  const responses = addresses.map((address) =>
    post(
      product,
      'email.send',
      { email: 'ada@visitor.example', contents: `From ${address}` },
      { 'x-forwarded-for': address },
    ),
  );
  return (await Promise.all(responses)).map(({ status }) => status).sort();
}

test('the /64 of an IPv6 /56, and of a /48, share a quota of mails; others still send', async () => {
  const inOneSubnet = ['1', '2', '3', '4', '5'].map((subnet) => `2001:db8:1:${subnet}::1`);
  expect(await send(inOneSubnet)).toEqual([200, 200, 200, 429, 429]);
  // The rejected mails have not been charged to the /48, which has two left.
  const inOneNetwork = ['100', '200', '300', '400'].map((subnet) => `2001:db8:1:${subnet}::1`);
  expect(await send(inOneNetwork)).toEqual([200, 200, 429, 429]);
  expect(await send(['2001:db8:2::1', '192.0.2.1'])).toEqual([200, 200]);
});
