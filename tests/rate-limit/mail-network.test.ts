import { afterAll, beforeAll, expect, test } from 'vitest';
import { networkOf } from '#server/principal.ts';
import { post } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({
    TRUSTED_PROXY_HOPS: '1',
    RATE_LIMITS: 'mail=1000/60,mailSender=1000/60,mailNetwork=3/60,mailSite=1000/60',
  });
});
afterAll(() => product.close());

test.each([
  ['192.0.2.1', undefined],
  ['unknown', undefined],
  ['2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::/64', '2001:db8:1::/48'],
  ['2001:db8:2::/64', '2001:db8:2::/48'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('one IPv6 /48 has a quota of mails, which its many /64 share; others still send', async () => {
  const send = async (address: string) =>
    (
      await post(
        product,
        'email.send',
        { email: 'ada@visitor.example', contents: `From ${address}` },
        { 'x-forwarded-for': address },
      )
    ).status;
  const own = [1, 2, 3, 4, 5].map((subnet) => send(`2001:db8:1:${subnet}::1`));
  expect((await Promise.all(own)).sort()).toEqual([200, 200, 200, 429, 429]);
  expect(await send('2001:db8:2::1')).toBe(200);
  expect(await send('192.0.2.1')).toBe(200);
});
