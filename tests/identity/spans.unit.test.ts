import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordSpans } from '#tests/support/fake-tracer.ts';
import { notesScopes, startNotes } from '#tests/support/upstreams/notes.ts';
import { newBrowser, withIdentity } from './in-process.ts';

const notes = await startNotes();
const identity = withIdentity(notes.env, { resources: { [notes.url]: notesScopes } });
beforeAll(() => notes.trust(identity.provider.issuer));
afterAll(() => notes.close());
const spans = recordSpans();

test('the spans of a sign-in, of calls and of a sign-out say that there is a user, and not which one', async () => {
  const browser = newBrowser();
  const callback = await browser.choose(await browser.begin('/account'), 'ada');
  const query = new URLSearchParams(callback.split('?')[1]);
  await browser.finish(callback);
  const { data } = await browser.call('session.current');
  const { id } = Object(data).user;
  await browser.call('proxy.notes.add', { body: { text: 'Water the plants' } });
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
