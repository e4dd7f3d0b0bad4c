import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { nextArguments } from '#tests/support/start-command.ts';
import { bearer, challenge, invalidToken, keys, serviceKeys } from './keys.ts';

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

test.each(['127.0.0.1', '[::1]'])('a client on this host can read the metrics: %s', async (host) => {
  const baseUrl = direct.baseUrl.replace('localhost', host);
  await expectMetrics(await metrics({ baseUrl }));
});

test('clients of a proxy that is not configured cannot read the metrics, and one line warns', async () => {
  for (const address of ['203.0.113.7', '127.0.0.1', '']) {
    await expectError(await metrics(direct, from(address)), { reason: 'unauthorized', path: '/metrics' });
  }
  expect(direct.log().match(/TRUSTED_PROXY_HOPS is 0/g)).toHaveLength(1);
});

test.each(['forwarded', 'via', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto'])(
  'a request with %s does not come from a client on this host',
  async (name) => {
    await expectError(await metrics(direct, { [name]: '203.0.113.7' }), {
      reason: 'unauthorized',
      path: '/metrics',
    });
  },
);

test('a page of another site cannot read the metrics in a browser on this host', async () => {
  await expectError(
    await metrics(direct, { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }),
    {
      reason: 'cross_origin',
      path: '/metrics',
    },
  );
});

test('under next start, whose clients can send X-Forwarded-For, the metrics need a key', async () => {
  const next = await startProduct({ SERVICE_KEYS: serviceKeys }, nextArguments);
  onTestFinished(() => next.close());
  await expectError(await metrics(next), { reason: 'unauthorized', path: '/metrics' });
  await expectError(await metrics(next, from('127.0.0.1')), { reason: 'unauthorized', path: '/metrics' });
  await expectMetrics(await metrics(next, bearer(keys.scraper)));
});

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
  'a client that the proxy reports as local can read the metrics: %s',
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
])('another client cannot read the metrics: %j', async (address) => {
  const response = await metrics(behindProxy, from(address));
  expect(response.headers.get('www-authenticate')).toBe(challenge);
  const { text } = await expectError(response, { reason: 'unauthorized', path: '/metrics' });
  expect(text).not.toContain('bff_');
});

test('a key with the scope can read the metrics from anywhere', async () => {
  await expectMetrics(await metrics(behindProxy, { ...from('203.0.113.7'), ...bearer(keys.scraper) }));
});

test.each([keys.reader, keys.writer])(
  'a key without the scope cannot read the metrics, not even on this host',
  async (key) => {
    for (const [product, headers] of [
      [behindProxy, from('203.0.113.7')],
      [direct, {}],
    ] as const) {
      const response = await metrics(product, { ...headers, ...bearer(key) });
      expect(response.headers.has('www-authenticate')).toBe(false);
      await expectError(response, { reason: 'forbidden', path: '/metrics' });
    }
  },
);

test('an unknown key cannot read the metrics, not even on this host', async () => {
  for (const product of [behindProxy, direct]) {
    const response = await metrics(product, bearer('not-a-key'));
    expect(response.headers.get('www-authenticate')).toBe(invalidToken);
    await expectError(response, { reason: 'unauthorized', path: '/metrics' });
  }
});
