import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { octets, openDownload, openUpload, storedFile } from './raw-client.ts';

async function start(): Promise<Product> {
  const product = await startProduct();
  onTestFinished(() => product.close());
  return product;
}

/** Sends SIGTERM and waits until the product is draining. @returns the exit code once the process has exited */
async function terminate({ baseUrl, process }: Product): Promise<{ exit: Promise<number | null> }> {
  const exit = once(process, 'exit').then(() => process.exitCode);
  process.kill('SIGTERM');
  await vi.waitFor(
    async () => expect(await (await fetch(`${baseUrl}/readyz`)).json()).toMatchObject({ status: 'draining' }),
    { timeout: 2500, interval: 20 },
  );
  return { exit };
}

test('a download in progress at SIGTERM completes before the process exits', async () => {
  const product = await start();
  // More than the buffers of both connections hold, so the download cannot complete before it is read.
  const size = 50_000_000;
  const download = await openDownload(product, `synthetic-${size}.bin`);
  const { exit } = await terminate(product);
  expect(product.upstreams.store.open).toBe(1);
  expect(await download.receive()).toMatchObject({
    status: 200,
    bytes: size,
    sha256: patternSha256(size),
    ended: 'complete',
  });
  expect(await exit).toBe(0);
});

test('an upload in progress at SIGTERM completes and is confirmed before the process exits', async () => {
  const product = await start();
  const { outgoing, response } = openUpload(product, 'last.bin', { ...octets, 'content-length': '100000' });
  outgoing.write(patternAt(0, 40_000));
  await expect.poll(() => product.upstreams.store.open).toBe(1);
  const { exit } = await terminate(product);
  outgoing.end(patternAt(40_000, 60_000));
  const confirmed = await response;
  expect(confirmed.status).toBe(201);
  expect(await storedFile(confirmed)).toMatchObject({ bytes: 100_000, sha256: patternSha256(100_000) });
  expect(await exit).toBe(0);
});
