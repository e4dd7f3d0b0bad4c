import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentMemory } from '#tests/http/support/memory.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { fileUrl } from './raw-client.ts';

let product: Product;
beforeAll(async () => {
  // A small heap is collected often, so that growth means a leak and not pending garbage.
  product = await startProduct({ NODE_OPTIONS: '--max-old-space-size=160' });
});
afterAll(() => product.close());

const megabyte = 2 ** 20;

/** Downloads files, eight at a time, which is below the limit of concurrent streams. */
async function download(files: number): Promise<void> {
  const downloadEighth = async () => {
    for (let file = 0; file < files / 8; file += 1) {
      const response = await fetch(fileUrl(product, 'synthetic-10.bin'));
      expect((await response.arrayBuffer()).byteLength).toBe(10);
    }
  };
  await Promise.all(Array.from({ length: 8 }, downloadEighth));
}

test('finished streams leak no memory', { timeout: 240_000 }, async () => {
  // The heap reaches its size only after some thousand downloads.
  await download(4_000);
  await delay(3_000);
  const idle = await residentMemory(product);
  await download(8_000);
  const growth = async () => ((await residentMemory(product)) - idle) / megabyte;
  await expect.poll(growth, { timeout: 10_000, interval: 500 }).toBeLessThan(48);
});
