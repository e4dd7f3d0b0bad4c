import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { returnPathOf } from '#server/identity/return-path.ts';
import { exactRoutes } from '#server/routes/route-table.ts';
import { services } from '#server/services.ts';
import { leadsTo, navigation } from './browser.ts';
import { newBrowser, send, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();

const tokenRequests = () => identity.provider.requests.filter(({ path }) => path === '/token').length;
const failed = `${siteUrl}/sign-in?problem=sign_in_failed`;

describe('a callback', () => {
  test('that is sent twice fails without a request for tokens, and the first session stays', async () => {
    const browser = newBrowser();
    const callback = await browser.choose(await browser.begin(), 'ada');
    await browser.finish(callback);
    expect(tokenRequests()).toBe(1);
    const again = await browser.finish(callback);
    expect([again.status, await leadsTo(again)]).toEqual([400, failed]);
    expect(tokenRequests()).toBe(1);
    expect((await browser.call('session.current')).data).toMatchObject({ user: { name: 'Ada' } });
  });

  test('of an attacker does not sign another browser in', async () => {
    const [attacker, victim] = [newBrowser(), newBrowser()];
    const callback = await attacker.choose(await attacker.begin(), 'bob');
    await victim.begin();
    const response = await victim.finish(callback);
    expect(await leadsTo(response)).toBe(failed);
    expect(victim.cookie('session')).toBeUndefined();
    expect(tokenRequests()).toBe(0);
    // The attacker's own sign-in was not used up.
    expect((await attacker.finish(callback)).status).toBe(200);
  });

  test('with the state of another sign-in of the browser fails', async () => {
    const browser = newBrowser();
    const [one, two] = [await browser.begin(), await browser.begin()];
    const callback = new URL(await browser.choose(one, 'ada'), siteUrl);
    callback.searchParams.set('state', new URL(two).searchParams.get('state') ?? '');
    expect(await leadsTo(await browser.finish(callback.pathname + callback.search))).toBe(
      `${failed}&returnTo=%2F`,
    );
    expect(browser.cookie('session')).toBeUndefined();
  });

  test.each([
    ['of another issuer', (query: URLSearchParams) => query.set('iss', 'https://evil.example')],
    ['without an issuer, which the provider always names', (query: URLSearchParams) => query.delete('iss')],
    ['with two codes', (query: URLSearchParams) => query.append('code', 'other')],
    ['without a code', (query: URLSearchParams) => query.delete('code')],
    ['with another code', (query: URLSearchParams) => query.set('code', 'x'.repeat(43))],
    ['with two states', (query: URLSearchParams) => query.append('state', 'other')],
  ])('%s fails', async (_, change) => {
    const browser = newBrowser();
    const callback = new URL(await browser.choose(await browser.begin(), 'ada'), siteUrl);
    change(callback.searchParams);
    const response = await browser.finish(callback.pathname + callback.search);
    expect(await leadsTo(response)).toBe(`${failed}&returnTo=%2F`);
    expect(browser.cookie('session')).toBeUndefined();
  });

  test('that comes too late fails', async () => {
    const browser = newBrowser();
    const callback = await browser.choose(await browser.begin(), 'ada');
    await identity.pass(10 * 60_000);
    expect(await leadsTo(await browser.finish(callback))).toBe(failed);
  });

  test.each([
    '?error=access_denied&error_description=<script>alert(1)</script>',
    '?state=&code=',
    `?state=${'x'.repeat(10_000)}`,
    '?code=%00&state=%ff',
    '',
  ])('with the query %s is answered with a page that contains nothing of it', async (query) => {
    const response = await newBrowser().finish(`/auth/callback${query}`);
    expect(response.status).toBe(400);
    expect(await response.text()).not.toMatch(/script>|alert|xxx/);
  });

  test('of an image, a frame or a script is rejected', async () => {
    const browser = newBrowser();
    const callback = await browser.choose(await browser.begin(), 'ada');
    for (const destination of ['image', 'iframe', 'empty', 'script', 'document']) {
      const mode = destination === 'document' ? 'no-cors' : 'navigate';
      const headers = { ...navigation, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination };
      expect((await browser.request(callback, { headers })).status).toBe(403);
    }
    expect(browser.cookie('session')).toBeUndefined();
  });
});

describe('a start', () => {
  test.each([
    [{ 'sec-purpose': 'prefetch' }, 204],
    [{ 'sec-purpose': 'prefetch;prerender' }, 204],
    [{ purpose: 'prefetch' }, 204],
    [{ 'next-router-prefetch': '1' }, 204],
    [{ ...navigation, 'sec-fetch-dest': 'image' }, 403],
    [{ ...navigation, 'sec-fetch-dest': 'iframe' }, 403],
    [{ ...navigation, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 403],
  ])('by a request with %j begins nothing', async (headers, status) => {
    const db = await identity.database();
    const count = async () => (await db.queries.selectFrom('sign_in').select('state_hash').execute()).length;
    const before = await count();
    const browser = newBrowser();
    const response = await browser.request('/auth/sign-in', { headers: { ...headers } });
    expect([response.status, response.headers.getSetCookie()]).toEqual([status, []]);
    expect(await count()).toBe(before);
  });

  test('takes no parameter of the provider from its address', async () => {
    const providerUrl = new URL(
      await newBrowser().begin('/', {
        scope: 'openid admin',
        redirect_uri: 'https://evil.example',
        client_id: 'evil',
        prompt: 'none',
        acr_values: '0',
      }),
    );
    expect(providerUrl.href).not.toMatch(/evil|admin|none|acr/);
  });

  test('never leads back to another site, whatever returnTo is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom(...hostileTargets()), fc.webPath()),
        (returnTo) => {
          const path = returnPathOf(returnTo, siteUrl);
          const url = new URL(path, siteUrl);
          expect(url.origin).toBe(siteUrl);
          expect(path.startsWith('/') && !path.startsWith('//')).toBe(true);
          expect(url.pathname).not.toMatch(/^\/(?:auth|api)(?:\/|$)/);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(hostileTargets())('leads to the start page instead of %j', async (returnTo) => {
    const browser = newBrowser();
    const response = await browser.finish(await browser.choose(await browser.begin(returnTo), 'ada'));
    expect(await leadsTo(response)).toBe(`${siteUrl}/`);
  });
});

/** Texts with which other products were led to other sites, or to their own routes of sign-in. */
function hostileTargets(): string[] {
  return [
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/%5cevil.example/..//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'javascript:alert(1)',
    'data:text/html,hi',
    'http:evil.example',
    '@evil.example',
    '/@evil.example:80\\..',
    '/auth/sign-out',
    '/AUTH/sign-out',
    '/%61uth/sign-in',
    '/api/trpc/session.revokeOthers',
    '/x'.repeat(300),
  ];
}

describe('a Host header', () => {
  test('of another site appears in no answer', async () => {
    const headers = { ...navigation, host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const response = await newBrowser().request('/auth/sign-in', { headers });
    expect(response.status).toBe(403);
    const own = await newBrowser().request('/auth/sign-in', {
      headers: { ...navigation, 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    expect(own.headers.get('location')).not.toContain('evil.example');
  });
});

describe('a session cookie', () => {
  test('that existed before a sign-in is another one after it', async () => {
    const browser = newBrowser();
    browser.setCookie('session', `${'a'.repeat(22)}.${'b'.repeat(43)}.${'c'.repeat(11)}`);
    const planted = browser.cookie('session');
    await browser.signIn('ada');
    expect(browser.cookie('session')).not.toBe(planted);
  });

  test('of any text makes a visitor without a query, never an error', async () => {
    const open = vi.spyOn(services().database, 'open');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'grapheme-ascii' }),
          fc.stringMatching(/^[\w-]{22}\.[\w-]{43}\.[\w-]{11}$/),
          fc.stringMatching(/^[\w.%=-]{0,200}$/),
        ),
        async (value) => {
          const browser = newBrowser();
          const cookie = `session=${value.replace(/[^\x20-\x7e]/g, '')}`;
          const { status, data } = await browser.call('session.current', undefined, {
            'sec-fetch-site': 'same-origin',
            cookie,
          });
          expect([status, data]).toMatchObject([200, { user: null, ended: false }]);
        },
      ),
      { numRuns: 300 },
    );
    expect(open).not.toHaveBeenCalled();
    open.mockRestore();
  });

  test.each([
    ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another origin', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('does not count for a request of %s', async (_, headers) => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const called = await browser.call('session.list', undefined, { ...headers });
    expect(called.reason).toBe('cross_origin');
    const read = await browser.request('/api/trpc/fixture.request', { headers: { ...headers } });
    expect(read.status).toBe(200);
  });

  test('does not count beside a service key, even one that is unknown', async () => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const { reason } = await browser.call('session.list', undefined, {
      'sec-fetch-site': 'same-origin',
      authorization: 'Bearer unknown-key',
    });
    expect(reason).toBe('unauthorized');
  });
});

describe('signing out', () => {
  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
  ])('by a form of %s is rejected', async (_, headers) => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const response = await browser.request('/auth/sign-out', {
      method: 'POST',
      headers: { ...headers },
      body: new URLSearchParams(),
    });
    expect(response.status).toBe(403);
    expect((await browser.call('session.current')).data).toMatchObject({ user: { name: 'Ada' } });
  });

  test('needs a POST', async () => {
    const response = await newBrowser().request('/auth/sign-out', { headers: navigation });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

test('no route but those of sign-in sets a cookie, also for a user', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const cookie = `session=${browser.cookie('session')}`;
  for (const path of [...exactRoutes.keys(), '/api/trpc/session.current', '/api/trpc/fixture.request']) {
    if (path.startsWith('/auth/')) continue;
    for (const method of ['GET', 'POST']) {
      const response = await send(`${siteUrl}${path}`, {
        method,
        headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      expect(response.headers.getSetCookie(), `${method} ${path}`).toEqual([]);
    }
  }
});

test('the database has no secret of a session or of a sign-in, and no token', async () => {
  const browser = newBrowser();
  const providerUrl = await browser.begin();
  const { searchParams } = new URL(providerUrl);
  const unfinished = newBrowser();
  await unfinished.begin();
  await browser.finish(await browser.choose(providerUrl, 'ada'));
  const db = await identity.database();
  const dump = JSON.stringify(
    await Promise.all(
      (['user_session', 'sign_in', 'user_account', 'user_identity', 'audit_entry'] as const).map((table) =>
        db.queries.selectFrom(table).selectAll().execute(),
      ),
    ),
  );
  const [, secret = ''] = (browser.cookie('session') ?? '').split('.');
  const secrets = [secret, searchParams.get('state'), searchParams.get('nonce'), browser.cookie('sign-in')];
  for (const each of secrets) expect(dump).not.toContain(each);
  // A sealed text begins with the 8 characters of its key's id and a dot; a token of the provider has more of them.
  expect(dump).toMatch(/"id_token_sealed":"[\w-]{8}\..*"refresh_token_sealed":"[\w-]{8}\./);
  expect(dump).not.toMatch(/eyJ[\w-]+\.eyJ|_token_sealed":"[\w-]{9}/);
});
