import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { rawRequest } from '#tests/product/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
let before = 0;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  before = product.log().length;
});

/** Everything written before this line of the log was written too. */
async function expectNoStack(marker: string): Promise<void> {
  await fetch(`${product.baseUrl}/healthz`, { headers: { 'x-request-id': marker } });
  await vi.waitFor(() => expect(product.log()).toContain(marker), { timeout: 5000, interval: 20 });
  expect(product.log().slice(before)).not.toMatch(/^\s+at /m);
}

const id = 'a'.repeat(42);
const form = { 'content-type': 'multipart/form-data; boundary=b' };

/** There are no Server Actions here; whoever asks for one is refused without a trace of how Next is built. */
describe('what Next speaks with its own pages, spoken by a stranger', () => {
  test.each([
    { title: 'an action that is none', headers: { 'next-action': 'x' } },
    { title: 'an action in the right form', headers: { 'next-action': id } },
    { title: 'an action as a form', headers: { 'next-action': id, ...form } },
    {
      title: 'an action of another site',
      headers: { 'next-action': id, origin: 'https://evil.example', ...form },
    },
  ])('$title is refused', async ({ headers }) => {
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
  ])('the headers %j break nothing', async (headers) => {
    for (const path of ['/', '/weather', '/posts', '/api/trpc/echo.request']) {
      const response = await rawRequest(product, { method: 'GET', path, headers });
      expect(response.status, path).toBeLessThan(500);
      if (path === '/weather' && response.status === 200) {
        expect(response.headers.get('content-security-policy')).toContain("'nonce-");
      }
    }
    await expectNoStack(`after-headers-${before}`);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])(
    'a page by %s is refused with the methods that it has',
    async (method) => {
      const response = await rawRequest(product, { method, path: '/posts' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toMatch(/\bGET\b/);
    },
  );
});
