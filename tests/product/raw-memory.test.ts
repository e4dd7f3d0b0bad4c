import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentMemory } from '#tests/http/support/memory.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { post } from './call.ts';
import { fileUrl, octets, repeated, storedOf, upload } from './raw-client.ts';

const mebibyte = 2 ** 20;
const gigabyte = 2 ** 30;
/** Mebibytes that streaming may add to what the product has when idle. */
const allowance = 64;

let product: Product;
let idle = 0;

beforeAll(async () => {
  product = await startProduct();
  for (let round = 0; round < 20; round += 1) {
    await (await fetch(fileUrl(product, 'synthetic-1000.bin'))).arrayBuffer();
    await upload(product, 'small.bin', [Buffer.from('x')]);
  }
  await callALittle();
  await delay(3_000);
  idle = await residentMemory(product);
});
afterAll(() => product.close());

async function callALittle(): Promise<void> {
  for (let call = 0; call < 20; call += 1) await (await post(product, 'echo.body', { call })).text();
}

/**
 * Waits for what was taken for a moment to be given back. It is called a little meanwhile: a process in which nothing
 * happens at all collects nothing either.
 */
async function expectAsIdle(): Promise<void> {
  const growth = async () => {
    await callALittle();
    return ((await residentMemory(product)) - idle) / mebibyte;
  };
  await expect.poll(growth, { timeout: 10_000, interval: 250 }).toBeLessThan(allowance);
}

test('a gigabyte downloaded leaves the memory as it was', { timeout: 180_000 }, async () => {
  const response = await fetch(fileUrl(product, `synthetic-${gigabyte}.bin`));
  let bytes = 0;
  for await (const part of response.body ?? []) bytes += part.byteLength;
  expect(bytes).toBe(gigabyte);
  await expectAsIdle();
});

test('a gigabyte uploaded leaves it so too', { timeout: 180_000 }, async () => {
  const pieces = repeated(patternAt(0, mebibyte), gigabyte / mebibyte);
  const response = await upload(product, 'large.bin', pieces, {
    ...octets,
    'content-length': String(gigabyte),
  });
  expect(await storedOf(response)).toMatchObject({ bytes: gigabyte, sha256: patternSha256(gigabyte) });
  await expectAsIdle();
});
