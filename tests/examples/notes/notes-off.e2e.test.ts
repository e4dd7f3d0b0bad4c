import { afterAll, beforeAll, expect, test } from 'vitest';
import { navigation, TestBrowser } from '#tests/identity/browser.ts';
import { send } from '#tests/identity/send.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';

let provider: IdentityProvider;
let product: Product;
beforeAll(async () => {
  const port = await freePort();
  provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}` });
  product = await startProduct({ PORT: String(port), ...provider.env });
}, 60_000);
afterAll(async () => {
  await product.close();
  await provider.close();
});

test('without NOTES_URL there is no page for notes, and no link to it', async () => {
  const browser = new TestBrowser(product.baseUrl, send);
  await browser.signIn('ada');
  const response = await browser.request('/notes', { headers: navigation });
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('href="/notes"');
  const form = {
    method: 'POST',
    headers: { origin: product.baseUrl },
    body: new URLSearchParams({ text: 'x' }),
  };
  expect((await browser.request('/notes/add', form)).status).toBe(404);
});
