import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentMemory } from '#tests/http/support/memory.ts';
import { post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { fileUrl, octets, repeated, storedFile, upload } from './raw-client.ts';

const mebibyte = 2 ** 20;
const gigabyte = 2 ** 30;
/** Bytes of the streams before the idle memory is measured. */
const warmUp = 2 ** 27;
/** Mebibytes that may remain above the idle memory after streaming. */
const allowance = 64;

let product: Product;
let idle = 0;

beforeAll(async () => {
  product = await startProduct();
  for (let round = 0; round < 20; round += 1) {
    await (await fetch(fileUrl(product, 'synthetic-1000.bin'))).arrayBuffer();
    await upload(product, 'small.bin', [Buffer.from('x')]);
  }
  // The first long streams grow the heap's young generation once, by tens of mebibytes on a slow machine.
  for (let round = 0; round < 2; round += 1) {
    await download(warmUp);
    await uploadPattern('warm-up.bin', warmUp);
  }
  await makeCalls();
  await delay(3_000);
  idle = await residentMemory(product);
});
afterAll(() => product.close());

async function makeCalls(): Promise<void> {
  for (let call = 0; call < 20; call += 1) await (await post(product, 'fixture.body', { call })).text();
}

/**
 * Waits until the memory is back at its idle level. Makes some calls meanwhile, because an idle process collects no
 * garbage.
 */
async function expectIdleMemory(): Promise<void> {
  const growth = async () => {
    await makeCalls();
    return ((await residentMemory(product)) - idle) / mebibyte;
  };
  await expect.poll(growth, { timeout: 10_000, interval: 250 }).toBeLessThan(allowance);
}

async function download(size: number): Promise<void> {
  const response = await fetch(fileUrl(product, `synthetic-${size}.bin`));
  let bytes = 0;
  for await (const part of response.body ?? []) bytes += part.byteLength;
  expect(bytes).toBe(size);
}

async function uploadPattern(name: string, size: number): Promise<void> {
  const pieces = repeated(patternAt(0, mebibyte), size / mebibyte);
  const response = await upload(product, name, pieces, { ...octets, 'content-length': String(size) });
  expect(await storedFile(response)).toMatchObject({ bytes: size, sha256: patternSha256(size) });
}

test('a download of a gigabyte does not increase memory', { timeout: 180_000 }, async () => {
  await download(gigabyte);
  await expectIdleMemory();
});

test('an upload of a gigabyte does not increase memory', { timeout: 180_000 }, async () => {
  await uploadPattern('large.bin', gigabyte);
  await expectIdleMemory();
});
