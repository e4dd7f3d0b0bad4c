import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePrometheus } from '#tests/http/support/prometheus.ts';
import { expectError, post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { newVisitor } from './calls.ts';
import { bearer, keys, serviceKeys } from './keys.ts';

let product: Product;
beforeAll(async () => {
  // The default limits, which the other tests raise.
  product = await startProduct({ RATE_LIMITS: '', TRUSTED_PROXY_HOPS: '1', SERVICE_KEYS: serviceKeys });
});
afterAll(() => product.close());

/** Sends a mail from a new address. */
const send = (email: string) => post(product, 'email.send', { email, contents: 'Hello' }, newVisitor());

async function rejectedBy(name: string): Promise<number | undefined> {
  const response = await fetch(`${product.baseUrl}/metrics`, { headers: bearer(keys.scraper) });
  const { samples } = parsePrometheus(await response.text());
  return samples.find((each) => each.name === 'bff_rate_limited_total' && each.labels.class === name)?.value;
}

// In this order: the quota of the site is used up at the end.
test('one sender has a quota of 20 mails a day, from any address and in any spelling', async () => {
  const spellings = ['ada@visitor.example', 'Ada@Visitor.Example', 'ADA@visitor.example'];
  for (let count = 0; count < 20; count += 1) {
    expect((await send(spellings[count % spellings.length] ?? '')).status).toBe(200);
  }
  const rejected = await send('ada@visitor.example');
  expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(3_600);
  await expectError(rejected, { reason: 'rate_limited', path: 'email.send' });
  expect(await rejectedBy('mailSender')).toBe(1);
});

test('the site has a quota of 1,000 mails a day, of which rejected ones use none', async () => {
  for (let count = 0; count < 5; count += 1) await send('ada@visitor.example');
  const statuses: number[] = [];
  for (let count = 20; count < 1_000; count += 10) {
    const tens = Array.from({ length: 10 }, (_, index) => send(`visitor${count + index}@visitor.example`));
    for (const { status } of await Promise.all(tens)) statuses.push(status);
  }
  expect(statuses.filter((status) => status !== 200)).toEqual([]);

  await expectError(await send('late@visitor.example'), { reason: 'rate_limited', path: 'email.send' });
  expect(await rejectedBy('mailSite')).toBe(1);
}, 60_000);
