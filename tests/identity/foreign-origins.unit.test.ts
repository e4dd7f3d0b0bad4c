import { expect, test } from 'vitest';
import { newBrowser, withIdentity } from './in-process.ts';

const app = 'https://app.example';

withIdentity({ ALLOWED_ORIGINS: app });

test('a page of a listed origin may call, as a visitor: the session cookie does not count, and is never allowed', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const headers = { origin: app, 'sec-fetch-site': 'cross-site' };
  expect((await browser.call('session.list', undefined, headers)).reason).toBe('sign_in_required');
  expect(await browser.call('session.current', undefined, headers)).toMatchObject({
    status: 200,
    data: { user: null, ended: false },
  });
  const response = await browser.request('/api/trpc/fixture.request', { headers });
  expect(response.headers.get('access-control-allow-origin')).toBe(app);
  expect(response.headers.get('access-control-allow-credentials')).toBeNull();
});

test('a page of a listed origin cannot sign a user out', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const response = await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { origin: app, 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams(),
  });
  expect(response.status).toBe(403);
  expect((await browser.call('session.current')).data).toMatchObject({ user: { name: 'Ada' } });
});
