import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { residentMemory } from '#tests/http/support/memory.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const { streamsPerClient } = limits.raw;
const megabyte = 2 ** 20;

let product: Product;
/** Takes half the processor time of fetch. */
let client: Pool;
beforeAll(async () => {
  // A small heap is collected often, so that growth means a leak and not pending garbage.
  product = await startProduct({ NODE_OPTIONS: '--max-old-space-size=160' });
  client = new Pool(product.baseUrl, { connections: streamsPerClient });
});
afterAll(async () => {
  await client.close();
  await product.close();
});

/** Downloads files, as many at a time as one client may. */
async function download(files: number): Promise<void> {
  const downloadShare = async () => {
    for (let file = 0; file < files / streamsPerClient; file += 1) {
      const { body } = await client.request({ method: 'GET', path: '/api/raw/store/files/synthetic-10.bin' });
      expect((await body.arrayBuffer()).byteLength).toBe(10);
    }
  };
  await Promise.all(Array.from({ length: streamsPerClient }, downloadShare));
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
