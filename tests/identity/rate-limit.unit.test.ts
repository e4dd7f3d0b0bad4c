import { expect, test } from 'vitest';
import { leadsTo } from './browser.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

withIdentity({ RATE_LIMITS: 'signIn=3/300' });

test('callbacks that belong to no sign-in are limited with the starts, those of a sign-in are not', async () => {
  const browser = newBrowser();
  const callback = await browser.choose(await browser.begin(), 'ada');
  for (const status of [400, 400, 429]) {
    expect((await browser.finish('/auth/callback?state=made-up&code=x')).status).toBe(status);
  }
  const limited = await browser.finish('/auth/callback?state=made-up&code=x');
  expect(await leadsTo(limited)).toMatch(new RegExp(`^${siteUrl}/sign-in\\?problem=rate_limited&wait=\\d+`));
  expect((await browser.finish(callback)).status).toBe(200);
  await expect(newBrowser().begin()).rejects.toThrow('429');
});
