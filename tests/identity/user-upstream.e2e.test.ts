import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { startUserTexts, type UserTextsStandIn } from '#tests/support/upstreams/user-texts.ts';
import { TestBrowser } from './browser.ts';
import { send } from './send.ts';

let drafts: UserTextsStandIn;
let provider: IdentityProvider;
let product: Product;

beforeAll(async () => {
  const port = await freePort();
  drafts = await startUserTexts('drafts');
  provider = await startIdentityProvider({
    siteUrl: `http://localhost:${port}`,
    resources: { [drafts.url]: drafts.scopes },
    // Refreshed with almost every call.
    accessTokenLifetime: 1,
  });
  drafts.trust(provider.issuer);
  product = await startProduct({
    PORT: String(port),
    WEB_CONCURRENCY: '2',
    RATE_LIMITS: 'light=100000/60,upstream=100000/60',
    ...provider.env,
    FIXTURE_DRAFTS_URL: drafts.url,
  });
}, 60_000);
afterAll(async () => {
  await product.close();
  await provider.close();
  await drafts.close();
});
beforeEach(() => {
  drafts.callers.length = 0;
});

const newBrowser = () => new TestBrowser(product.baseUrl, send);

test('a user lists and adds drafts with tokens that the browser never sees', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  expect((await browser.call('proxy.drafts.list', {})).data).toMatchObject({ data: { drafts: [] } });
  const added = await browser.call('proxy.drafts.add', { body: { text: 'Water the plants' } });
  expect(added.data).toMatchObject({ data: { text: 'Water the plants' }, meta: { status: 201 } });
  const listed = await browser.call('proxy.drafts.list', {});
  expect(listed.data).toMatchObject({ data: { drafts: [{ text: 'Water the plants' }] } });
  expect(JSON.stringify([added, listed])).not.toMatch(/ey[\w-]+\.ey/);
  // A token that ends on its way is refused, and the call is sent again with a new one.
  expect(drafts.callers.filter((caller) => caller !== undefined)).toEqual(['ada', 'ada', 'ada']);
  expect(product.log()).not.toMatch(/ey[\w-]+\.ey/);
});

test('each user has drafts of their own', async () => {
  const [bob, grace] = [newBrowser(), newBrowser()];
  await bob.signIn('bob');
  await grace.signIn('grace');
  await bob.call('proxy.drafts.add', { body: { text: 'of Bob' } });
  expect((await grace.call('proxy.drafts.list', {})).data).toMatchObject({ data: { drafts: [] } });
  expect(JSON.stringify((await bob.call('proxy.drafts.list', {})).data)).toContain('of Bob');
});

test('calls of two workers at once, with tokens that end at once, all succeed', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  for (let round = 1; round <= 3; round += 1) {
    const calls = await Promise.all(Array.from({ length: 10 }, () => browser.call('proxy.drafts.list', {})));
    expect(calls.map(({ status, reason }) => reason ?? status)).toEqual(Array(10).fill(200));
  }
  expect((await browser.call('session.list')).status).toBe(200);
});

test('a visitor and a service get no drafts, and nothing is sent', async () => {
  expect((await newBrowser().call('proxy.drafts.list', {})).reason).toBe('sign_in_required');
  expect(drafts.callers).toEqual([]);
});
