import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { fileUrl, openDownload } from '#tests/routes/raw-client.ts';
import { expectError, post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const { callsPerClient, streams } = limits.upstream;
const { streamsPerClient } = limits.raw;

let product: Product;
beforeAll(async () => {
  product = await startProduct({ TRUSTED_PROXY_HOPS: '1' });
});
afterAll(() => product.close());

const asClient = (number: number) => ({ 'x-forwarded-for': `192.0.2.${number}` });

test('one client takes only its share of the streams', async () => {
  const file = 'synthetic-2147483648.bin';
  const open = await Promise.all(
    Array.from({ length: streamsPerClient }, () => openDownload(product, file, asClient(1))),
  );
  const further = await fetch(fileUrl(product, file), { headers: asClient(1) });
  await expectError(further, { reason: 'rate_limited' });
  expect(further.headers.get('retry-after')).toBe('1');
  const other = await openDownload(product, file, asClient(2));
  expect(streamsPerClient).toBeLessThanOrEqual(streams / 4);
  for (const download of [...open, other]) download.abort();
  await expect
    .poll(async () => {
      const response = await fetch(fileUrl(product, 'synthetic-10.bin'), { headers: asClient(1) });
      return (await response.arrayBuffer()).byteLength;
    })
    .toBe(10);
});

test('one client takes only its share of the calls to a hanging upstream', async () => {
  product.upstreams.items.fault({ kind: 'hang' });
  const own = Array.from({ length: callsPerClient + 5 }, (_, at) =>
    post(product, 'proxy.items.item', { params: { owner: 'trpc', repo: `own${at}` } }, asClient(1)),
  );
  const rejected = (await Promise.all(own)).filter(({ status }) => status === 429);
  expect(rejected).toHaveLength(5);
  for (const response of rejected) await expectError(response, { reason: 'rate_limited' });
  // The share is free again.
  const later = await post(product, 'fixture.search', { name: 'Rome' }, asClient(1));
  expect(later.status).toBe(200);
});
