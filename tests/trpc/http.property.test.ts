import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { checkAnswer, mayCallUpstream } from '../http/support/answers.ts';
import { residentMemory } from '../http/support/memory.ts';
import { sendBytes } from '../http/support/raw-socket.ts';
import { sentArbitrary } from '../http/support/requests.ts';
import type { Sent } from '../http/support/sent.ts';
import { toWire } from '../http/support/wire.ts';

let product: Product;
beforeAll(async () => {
  // A small heap is collected often: what then grows is kept, not merely not yet collected.
  product = await startProduct({ NODE_OPTIONS: '--max-old-space-size=160 --max-semi-space-size=4' });
});
afterAll(() => product.close());

const atOnce = 8;
const mebibyte = 1024 * 1024;

/** Next sends these elsewhere before the door sees them: to the same path without the extra slash. */
const redirects = [307, 308];

async function answered(sent: Sent): Promise<void> {
  const { answers, ended } = await sendBytes(product.baseUrl, toWire(sent), { method: sent.method });
  expect(ended).toBe('closed');
  expect(answers).toHaveLength(1);
  for (const { status, headers, text } of answers) {
    expect(headers.has('x-powered-by')).toBe(false);
    if (redirects.includes(status)) {
      expect(headers.get('location')).toMatch(/^\/(?!\/)/);
    } else if (sent.method === 'HEAD') {
      expect(status).toBeLessThan(500);
    } else {
      checkAnswer({ status, headers, text }, { mayCallUpstream: mayCallUpstream(sent.path) });
    }
  }
}

/** On the wire a target is ASCII without blanks; other bytes are for not-http.test.ts. */
const target = sentArbitrary.map((sent) => ({
  ...sent,
  path: sent.path.replaceAll(/[^!-~]|[#?]/g, encodeURIComponent),
  query: sent.query.replaceAll(/[^!-~]|#/g, encodeURIComponent),
  headers: sent.headers.map(([name, value]) => [name, value.replaceAll(/[^\t\x20-\x7e]/g, '')] as const),
}));

const rounds = (numRuns: number) =>
  fc.assert(
    fc.asyncProperty(fc.array(target, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
      await Promise.all(batch.map(answered));
    }),
    { numRuns, endOnFailure: true },
  );

test('thousands of requests: each answered, memory flat, the product well afterwards', {
  timeout: 240_000,
}, async () => {
  // Until the memory has grown to what such bodies need.
  await rounds(188);
  const warm = await residentMemory(product);
  await rounds(376);

  expect((await residentMemory(product)) - warm).toBeLessThan(64 * mebibyte);
  const after = await fetch(`${product.baseUrl}/api/trpc/echo.request`);
  expect(after.status).toBe(200);
  expect(product.log()).not.toMatch(/uncaughtException|unhandledRejection|^\s+at /m);
  expect(product.log()).not.toContain('"stack"');
});
