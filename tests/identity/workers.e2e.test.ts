import { afterAll, beforeAll, expect, test } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { navigation, TestBrowser } from './browser.ts';
import { send } from './send.ts';

let provider: IdentityProvider;
let product: Product;

beforeAll(async () => {
  const port = await freePort();
  provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}` });
  product = await startProduct({
    PORT: String(port),
    WEB_CONCURRENCY: '2',
    RATE_LIMITS: 'light=100000/60,page=100000/60',
    ...provider.env,
  });
});
afterAll(async () => {
  await product.close();
  await provider.close();
});

const newBrowser = () => new TestBrowser(product.baseUrl, send);

test('all workers know a session, and all know at once that it has ended', async () => {
  const [here, there] = [newBrowser(), newBrowser()];
  await here.signIn('ada');
  await there.signIn('ada');
  const calls = () => Promise.all(Array.from({ length: 20 }, () => there.call('account.history')));
  expect(new Set((await calls()).map(({ status }) => status))).toEqual(new Set([200]));
  expect((await here.call('session.revokeOthers')).data).toEqual({ revoked: 1 });
  expect(new Set((await calls()).map(({ reason }) => reason))).toEqual(new Set(['session_ended']));
  expect((await here.call('account.history')).status).toBe(200);
});

test('no page sets a cookie, and pages for a user are not stored', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  for (const path of [...pages, '/account', '/sign-in', '/no-such-page']) {
    const response = await browser.request(path, { headers: navigation });
    expect(response.headers.getSetCookie(), path).toEqual([]);
    expect(response.headers.get('cache-control'), path).toMatch(/no-store|private/);
  }
});

test('the log and the metrics have what happened, and no secret, token or address', async () => {
  const browser = newBrowser();
  await browser.signIn('grace');
  const cookie = browser.cookie('session') ?? '';
  await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({}),
  });
  await expect.poll(() => product.log()).toContain('"kind":"signed_out"');
  const log = product.log();
  expect(log).toContain('/auth/callback');
  expect(log).not.toMatch(/eyJ|people\.example|Grace|code=|state=/);
  for (const part of cookie.split('.')) expect(log).not.toContain(part);
  const metrics = await (await send(`${product.baseUrl}/metrics`)).text();
  expect(metrics).toMatch(/bff_sign_ins_total\{method="provider",outcome="ok"\} [1-9]/);
});
