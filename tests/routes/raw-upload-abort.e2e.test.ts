import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { linesOf, untilLogged } from '#tests/http/support/log.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { fileUrl, octets, openUpload, repeated, storedFile, untilOpen, upload } from './raw-client.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  product.upstreams.store.transfers.length = 0;
});

describe.each([
  { title: 'with a length', length: (bytes: number) => ({ 'content-length': String(bytes) }) },
  { title: 'in chunks', length: () => ({}) },
])('an upload $title', ({ length }) => {
  test.each([0, 1, 65_536, 1_000_003])('of %i bytes arrives completely', async (bytes) => {
    const response = await upload(product, `complete-${bytes}`, [patternAt(0, bytes)], {
      ...octets,
      ...length(bytes),
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(await storedFile(response)).toEqual({
      name: `complete-${bytes}`,
      bytes,
      sha256: patternSha256(bytes),
    });
    const back = await fetch(fileUrl(product, `complete-${bytes}`));
    expect(Buffer.from(await back.arrayBuffer())).toEqual(patternAt(0, bytes));
  });

  test('of 100 MiB arrives completely', async () => {
    const bytes = 100 * 2 ** 20;
    const pieces = repeated(patternAt(0, 2 ** 20), 100);
    const response = await upload(product, 'large', pieces, { ...octets, ...length(bytes) });
    expect(await storedFile(response)).toEqual({ name: 'large', bytes, sha256: patternSha256(bytes) });
  });

  test('whose client disconnects is aborted at the store within a second and replaces nothing', async () => {
    await upload(product, 'kept', [Buffer.from('the old version')]);
    const requestId = `left-${Object.keys(length(1)).length}-upload`;
    for (const name of ['kept', 'new']) {
      const headers = { ...octets, ...length(10_000_000), 'x-request-id': requestId };
      const { outgoing } = openUpload(product, name, headers);
      outgoing.on('error', () => undefined);
      outgoing.write(patternAt(0, 500_000));
      await untilOpen(product, 1, 5000);
      outgoing.destroy();
      await untilOpen(product, 0);
      expect(product.upstreams.store.transfers.at(-1)).toMatchObject({
        url: `/files/${name}`,
        complete: false,
      });
    }
    expect(await (await fetch(fileUrl(product, 'kept'))).text()).toBe('the old version');
    expect((await fetch(fileUrl(product, 'new'))).status).toBe(404);
    await untilLogged(product, (line) => line.requestId === requestId && line.status === 499);
    expect(linesOf(product, requestId).map(({ level }) => level)).not.toContain('error');
  });
});
