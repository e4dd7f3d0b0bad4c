import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkResponse, mayCallUpstream } from '#tests/http/support/check-response.ts';
import { residentMemory } from '#tests/http/support/memory.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import type { RequestParts } from '#tests/http/support/request-parts.ts';
import { requestArbitrary } from '#tests/http/support/requests.ts';
import { toWire } from '#tests/http/support/wire.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  // A small heap is collected often, so growth is a leak and not garbage.
  product = await startProduct({ NODE_OPTIONS: '--max-old-space-size=160 --max-semi-space-size=4' });
});
afterAll(() => product.close());

const concurrency = 8;
const mebibyte = 1024 * 1024;

/** Next redirects paths with an extra slash before the tRPC handler runs. */
const redirects = [307, 308];

async function expectResponse(sent: RequestParts): Promise<void> {
  const { responses, ended } = await sendBytes(product.baseUrl, toWire(sent), {
    method: sent.method,
  });
  expect(ended).toBe('closed');
  expect(responses).toHaveLength(1);
  for (const { status, headers, text } of responses) {
    expect(headers.has('x-powered-by')).toBe(false);
    if (redirects.includes(status)) {
      expect(headers.get('location')).toMatch(/^\/(?!\/)/);
    } else if (sent.method === 'HEAD') {
      expect(status).toBeLessThan(500);
    } else {
      checkResponse({ status, headers, text }, { mayCallUpstream: mayCallUpstream(sent.path) });
    }
  }
}

/** The request target must be ASCII without blanks. not-http.test.ts covers other bytes. */
const target = requestArbitrary.map((sent) => ({
  ...sent,
  path: sent.path.replaceAll(/[^!-~]|[#?]/g, encodeURIComponent),
  query: sent.query.replaceAll(/[^!-~]|#/g, encodeURIComponent),
  headers: sent.headers.map(([name, value]) => [name, value.replaceAll(/[^\t\x20-\x7e]/g, '')] as const),
}));

const rounds = (numRuns: number) =>
  fc.assert(
    fc.asyncProperty(fc.array(target, { minLength: concurrency, maxLength: concurrency }), async (batch) => {
      await Promise.all(batch.map(expectResponse));
    }),
    { numRuns, endOnFailure: true },
  );

test('thousands of requests: each gets a response, memory stays flat, and the product keeps working', {
  timeout: 240_000,
}, async () => {
  // Warm-up: memory grows to the size that such bodies need.
  await rounds(188);
  const warm = await residentMemory(product);
  await rounds(376);

  expect((await residentMemory(product)) - warm).toBeLessThan(64 * mebibyte);
  const after = await fetch(`${product.baseUrl}/api/trpc/fixture.request`);
  expect(after.status).toBe(200);
  expect(product.log()).not.toMatch(/uncaughtException|unhandledRejection|^\s+at /m);
  expect(product.log()).not.toContain('"stack"');
});
