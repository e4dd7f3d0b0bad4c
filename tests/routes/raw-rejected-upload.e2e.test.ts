import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { expectError } from '#tests/support/call.ts';
import type { SharedProduct } from '#tests/support/shared.ts';
import { patternAt } from '#tests/support/upstreams/index.ts';
import { fileUrl, octets, openUpload, repeated, upload, withFileStore } from './raw-client.ts';

let product: SharedProduct;
withFileStore((started) => {
  product = started;
}, {});

const mebibyte = 2 ** 20;
const piece = patternAt(0, mebibyte);

describe('an upload is rejected before the upstream is called', () => {
  test.each<Record<string, string>>([
    { 'content-type': 'text' },
    { 'content-type': '*/*' },
    { 'content-type': 'multipart/form-data; boundary=b' },
    { 'content-type': 'application/octet-stream, text/html' },
    { ...octets, 'content-encoding': 'gzip' },
    { ...octets, 'content-encoding': 'br, identity' },
  ])('with 415 for %j', async (headers) => {
    await expectError(await upload(product, 'x.bin', [piece], headers), {
      reason: 'unsupported_media_type',
      path: '/api/raw/store/files/x.bin',
    });
    expect(product.upstreams.store.requests).toEqual([]);
  });

  test.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  ])('with 403 for %j', async (headers) => {
    const response = await upload(product, 'x.bin', [piece], { ...octets, ...headers });
    await expectError(response, { reason: 'cross_origin' });
    expect(product.upstreams.store.requests).toEqual([]);
  });

  test.each<Record<string, string>>([
    { 'content-type': 'Application/Octet-Stream; x=y' },
    { ...octets, 'content-encoding': 'identity' },
    { ...octets, 'sec-fetch-site': 'same-origin' },
  ])('but not for %j', async (headers) => {
    const response = await upload(product, 'x.bin', [piece], headers);
    expect(response.ok).toBe(true);
    const [seen] = product.upstreams.store.requests;
    expect(seen?.headers).toMatchObject(octets);
    expect(seen?.headers).not.toHaveProperty('content-encoding');
  });

  test.each([limits.raw.bytes + 1, Number.MAX_SAFE_INTEGER])(
    'with 413 at once for a content length of %i bytes',
    async (length) => {
      const headers = { ...octets, 'content-length': String(length) };
      const { outgoing, response } = openUpload(product, 'x.bin', headers);
      // No byte of the body has been sent.
      await expectError(await response, { reason: 'payload_too_large' });
      outgoing.destroy();
      expect(product.upstreams.store.requests).toEqual([]);
    },
  );

  test('with 413 during the transfer without a content length', { timeout: 240_000 }, async () => {
    const { store } = product.upstreams;
    const response = await upload(product, 'endless.bin', repeated(piece, limits.raw.bytes / mebibyte + 1));
    await expectError(response, { reason: 'payload_too_large' });
    await expect.poll(() => store.open).toBe(0);
    expect((await fetch(fileUrl(product, 'endless.bin'))).status).toBe(404);
  });
});

test.each([
  { status: 403, reason: 'upstream_refused' },
  { status: 404, reason: 'upstream_refused' },
  { status: 413, reason: 'upstream_refused' },
  { status: 500, reason: 'upstream_bad_answer' },
  { status: 302, reason: 'upstream_bad_answer' },
  { status: 503, reason: 'upstream_overloaded' },
] as const)(
  'an upstream status of $status is reported as $reason without text of the upstream',
  async ({ status, reason }) => {
    // Successes in between keep the circuit closed.
    for (const name of ['a', 'b']) expect((await upload(product, name, [piece])).ok).toBe(true);
    product.upstreams.store.fault({ kind: 'status', status, body: '{"message":"disk of db-7"}' });
    const small = await expectError(await upload(product, 'x.bin', [Buffer.from('x')]), { reason });
    expect(small.text).not.toContain('db-7');
    await expectError(await upload(product, 'x.bin', repeated(piece, 20)), { reason });
    expect(product.upstreams.store.open).toBe(0);
  },
);
