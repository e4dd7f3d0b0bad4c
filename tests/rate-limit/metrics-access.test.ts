import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectRefusal } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { bearer, challenge, keys, serviceKeys } from './keys.ts';

let direct: Product;
let behindProxy: Product;
beforeAll(async () => {
  direct = await startProduct({ SERVICE_KEYS: serviceKeys });
  behindProxy = await startProduct({ SERVICE_KEYS: serviceKeys, TRUSTED_PROXY_HOPS: '1' });
});
afterAll(() => Promise.all([direct, behindProxy].map((product) => product?.close())));

const metrics = ({ baseUrl }: { baseUrl: string }, headers: Record<string, string> = {}) =>
  fetch(`${baseUrl}/metrics`, { headers });
const from = (address: string) => ({ 'x-forwarded-for': address });

async function expectMetrics(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(text).toMatch(/^bff_requests_total\{.*\} \d+$/m);
}

test.each(['127.0.0.1', '[::1]'])('whoever is on this machine may read them: by %s', async (host) => {
  const baseUrl = direct.baseUrl.replace('localhost', host);
  await expectMetrics(await metrics({ baseUrl }));
  await expectMetrics(await metrics({ baseUrl }, from('203.0.113.7')));
});

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
  'and whom the proxy says to be there: %s',
  async (address) => {
    await expectMetrics(await metrics(behindProxy, from(address)));
  },
);

test.each([
  '203.0.113.7',
  '2001:db8::1',
  '10.0.0.1',
  '127.0.0.1, 203.0.113.7',
  '::1, 2001:db8::1',
  '127.1',
  'localhost',
  'nonsense',
  '',
])('nobody else: %j', async (address) => {
  const response = await metrics(behindProxy, from(address));
  expect(response.headers.get('www-authenticate')).toBe(challenge);
  const { text } = await expectRefusal(response, { reason: 'unauthorized', path: '/metrics' });
  expect(text).not.toContain('bff_');
});

test('a key with the scope may, from anywhere', async () => {
  await expectMetrics(await metrics(behindProxy, { ...from('203.0.113.7'), ...bearer(keys.scraper) }));
});

test.each([keys.reader, keys.writer])('a key without it may not, not even on this machine', async (key) => {
  for (const [product, headers] of [
    [behindProxy, from('203.0.113.7')],
    [direct, {}],
  ] as const) {
    const response = await metrics(product, { ...headers, ...bearer(key) });
    expect(response.headers.has('www-authenticate')).toBe(false);
    await expectRefusal(response, { reason: 'forbidden', path: '/metrics' });
  }
});

test('an unknown key may not, not even on this machine', async () => {
  for (const product of [behindProxy, direct]) {
    const response = await metrics(product, bearer('not-a-key'));
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    await expectRefusal(response, { reason: 'unauthorized', path: '/metrics' });
  }
});
