import { expect, test } from 'vitest';
import { newBrowser, withIdentity } from './in-process.ts';

const identity = withIdentity({}, { pushed: true });

test('a provider that offers it gets the request directly, and the address has none of it', async () => {
  const browser = newBrowser();
  const providerUrl = new URL(await browser.begin());
  expect([...providerUrl.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
  expect(identity.provider.requests.map(({ path }) => path)).toContain('/request');
  expect((await browser.finish(await browser.choose(providerUrl.href, 'ada'))).status).toBe(200);
});
