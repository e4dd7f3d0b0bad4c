import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { rawRequest } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
let before = 0;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  before = product.log().length;
});

/** Logs a marker line and waits for it. Lines logged earlier have arrived by then. */
async function expectNoStack(marker: string): Promise<void> {
  await fetch(`${product.baseUrl}/healthz`, { headers: { 'x-request-id': marker } });
  await vi.waitFor(() => expect(product.log()).toContain(marker), { timeout: 5000, interval: 20 });
  expect(product.log().slice(before)).not.toMatch(/^\s+at /m);
}

const id = 'a'.repeat(42);
const form = { 'content-type': 'multipart/form-data; boundary=b' };

/** The product has no Server Actions. A request for one is rejected without exposing Next's internals. */
describe("Next's internal protocol, sent by an untrusted client", () => {
  test.each([
    { title: 'an unknown action', headers: { 'next-action': 'x' } },
    { title: 'an unknown action with a well-formed id', headers: { 'next-action': id } },
    { title: 'an unknown action sent as a form', headers: { 'next-action': id, ...form } },
    {
      title: 'an unknown action sent from another site',
      headers: { 'next-action': id, origin: 'https://evil.example', ...form },
    },
  ])('$title is rejected with a 4xx', async ({ headers }) => {
    const body = '--b\r\nContent-Disposition: form-data; name="1_$ACTION_ID_x"\r\n\r\n[]\r\n--b--\r\n';
    const response = await rawRequest(product, {
      method: 'POST',
      path: '/',
      headers: { ...headers, 'content-length': String(body.length) },
      chunks: [body],
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await expectNoStack(`after-action-${before}`);
  });

  test.each([
    { rsc: '1', 'next-router-state-tree': '%' },
    { rsc: '1', 'next-router-state-tree': '%5B1', 'next-router-prefetch': '1' },
    { rsc: '1', 'next-router-segment-prefetch': '/../../x', 'next-router-prefetch': '1' },
    { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy' },
    { 'x-middleware-rewrite': 'http://evil.example/', 'x-middleware-next': '1' },
    { 'x-matched-path': '/inbox', 'x-invoke-path': '/inbox', 'x-now-route-matches': '1=%' },
    { 'x-prerender-revalidate': 'guess', 'x-next-revalidated-tags': 'a' },
    { 'x-nextjs-data': '1' },
  ])('the headers %j cause no server error', async (headers) => {
    for (const path of ['/', '/contact', '/docs', '/api/trpc/fixture.request']) {
      const response = await rawRequest(product, { method: 'GET', path, headers });
      expect(response.status, path).toBeLessThan(500);
      if (path === '/contact' && response.status === 200) {
        expect(response.headers.get('content-security-policy')).toContain("'nonce-");
      }
    }
    await expectNoStack(`after-headers-${before}`);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])(
    '%s on a page gets a 405 that lists the allowed methods',
    async (method) => {
      const response = await rawRequest(product, { method, path: '/docs' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toMatch(/\bGET\b/);
    },
  );
});
