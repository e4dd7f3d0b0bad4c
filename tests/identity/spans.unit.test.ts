import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordSpans } from '#tests/support/fake-tracer.ts';
import { startUserTexts } from '#tests/support/upstreams/user-texts.ts';
import { newBrowser, withIdentity } from './in-process.ts';

const drafts = await startUserTexts('drafts');
const identity = withIdentity(
  { FIXTURE_DRAFTS_URL: drafts.url },
  { resources: { [drafts.url]: drafts.scopes } },
);
beforeAll(() => drafts.trust(identity.provider.issuer));
afterAll(() => drafts.close());
const spans = recordSpans();

test('the spans of a sign-in, of calls and of a sign-out say that there is a user, and not which one', async () => {
  const browser = newBrowser();
  const callback = await browser.choose(await browser.begin('/account'), 'ada');
  const query = new URLSearchParams(callback.split('?')[1]);
  await browser.finish(callback);
  const { data } = await browser.call('session.current');
  const { id } = Object(data).user;
  await browser.call('proxy.drafts.add', { body: { text: 'Water the plants' } });
  const cookie = browser.cookie('session') ?? '';
  await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(),
  });
  expect(spans.map(({ attributes }) => attributes['bff.caller'])).toContain('user');
  const text = JSON.stringify(spans);
  expect(text).not.toMatch(/eyJ|people\.example|Ada|Water/);
  const secrets = [id, query.get('code'), query.get('state'), ...cookie.split('.')].map(String);
  expect(secrets.filter((each) => each.length < 8 || text.includes(each))).toEqual([]);
});
