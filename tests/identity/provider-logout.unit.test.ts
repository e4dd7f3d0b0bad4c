import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { services } from '#server/services.ts';
import type { TestBrowser } from './browser.ts';
import { newBrowser, send, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();
const event = 'http://schemas.openid.net/event/backchannel-logout';
const now = () => Math.floor(Date.now() / 1_000);

type Claims = Record<string, unknown>;

/** The claims of a logout token, without `sid` and `sub`. */
const logout = (claims: Claims): Claims => ({
  iss: identity.provider.issuer,
  aud: 'typed-bff',
  iat: now(),
  exp: now() + 120,
  jti: randomUUID(),
  events: { [event]: {} },
  ...claims,
});

const sign = (claims: Claims, type = 'logout+jwt') => identity.provider.sign(claims, type);

function post(token: string, init: RequestInit = {}): Promise<Response> {
  return send(`${siteUrl}/auth/backchannel-logout`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
    ...init,
  });
}

/** Returns the provider's id of the newest session. */
async function providerSid(): Promise<string> {
  const { queries } = await identity.database();
  const row = await queries
    .selectFrom('user_session')
    .select('provider_sid')
    .where('ended_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirstOrThrow();
  if (row.provider_sid === null) throw new Error('the provider gave no sid');
  return row.provider_sid;
}

async function signedIn(person = 'ada'): Promise<TestBrowser> {
  const browser = newBrowser();
  await browser.signIn(person);
  return browser;
}

const reasonOf = async (browser: TestBrowser) => (await browser.call('session.list')).reason;

beforeEach(async () => {
  const { queries } = await identity.database();
  await queries.deleteFrom('user_session').execute();
  services().identity?.forgetSessions();
});

describe('a logout token', () => {
  test('of one session ends it alone, revokes its refresh token, and the history says so', async () => {
    const other = await signedIn();
    const browser = await signedIn();
    identity.provider.requests.length = 0;
    const response = await post(await sign(logout({ sid: await providerSid(), sub: 'ada' })));
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await reasonOf(browser)).toBe('session_ended');
    expect(await reasonOf(other)).toBeUndefined();
    const { data } = await other.call('account.history');
    expect(JSON.stringify(data)).toContain('ended_by_provider');
    await vi.waitFor(() => {
      expect(identity.provider.requests).toContainEqual({ method: 'POST', path: '/token/revocation' });
    }, 10_000);
  });

  test('without a session ends all sessions of the user, and none of another', async () => {
    const [one, two, bob] = [await signedIn(), await signedIn(), await signedIn('bob')];
    expect((await post(await sign(logout({ sub: 'ada' })))).status).toBe(200);
    expect(await Promise.all([one, two, bob].map(reasonOf))).toEqual([
      'session_ended',
      'session_ended',
      undefined,
    ]);
  });

  test('of an unknown session is accepted', async () => {
    await signedIn();
    expect((await post(await sign(logout({ sid: 'unknown' })))).status).toBe(200);
  });

  test('of one session with the subject of another user ends nothing', async () => {
    const browser = await signedIn();
    expect((await post(await sign(logout({ sid: await providerSid(), sub: 'bob' })))).status).toBe(200);
    expect(await reasonOf(browser)).toBeUndefined();
  });

  test('that is sent again ends no later session', async () => {
    await signedIn();
    const token = await sign(logout({ sub: 'ada' }));
    expect((await post(token)).status).toBe(200);
    const later = await signedIn();
    const again = await post(token);
    expect([again.status, await again.json()]).toEqual([400, { error: 'invalid_request' }]);
    expect(await reasonOf(later)).toBeUndefined();
  });

  test('that comes before its session keeps it from beginning', async () => {
    await signedIn();
    const sid = await providerSid();
    const browser = newBrowser();
    identity.provider.intercept = undefined;
    const providerUrl = await browser.begin();
    const callback = await browser.choose(providerUrl, 'ada');
    const idToken = await identity.provider.sign({
      iss: identity.provider.issuer,
      sub: 'ada',
      aud: 'typed-bff',
      nonce: new URL(providerUrl).searchParams.get('nonce'),
      iat: now(),
      exp: now() + 600,
      auth_time: now(),
      sid,
      name: 'Ada',
      email: 'ada@people.example',
    });
    await post(await sign(logout({ sid })));
    identity.provider.intercept = ({ url }, response) => {
      if (url !== '/token') return false;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ access_token: 'a', token_type: 'bearer', id_token: idToken }));
      return true;
    };
    expect((await browser.finish(callback)).status).toBe(400);
    expect(browser.cookie('session')).toBeUndefined();
    const { queries } = await identity.database();
    const open = await queries
      .selectFrom('user_session')
      .select('id')
      .where('ended_at', 'is', null)
      .execute();
    expect(open).toEqual([]);
  });

  test('that cannot be stored is answered with 503, so that the provider sends it again', async () => {
    const browser = await signedIn();
    const token = await sign(logout({ sub: 'ada' }));
    const { queries } = await identity.database();
    await queries.schema.alterTable('provider_logout').renameTo('elsewhere').execute();
    expect((await post(token)).status).toBe(503);
    await queries.schema.alterTable('elsewhere').renameTo('provider_logout').execute();
    expect((await post(token)).status).toBe(200);
    expect(await reasonOf(browser)).toBe('session_ended');
  });

  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const forged: [string, () => Promise<string>][] = [
    ['of another issuer', () => sign(logout({ sub: 'ada', iss: 'https://evil.example' }))],
    ['for another client', () => sign(logout({ sub: 'ada', aud: 'other' }))],
    ['that has expired', () => sign(logout({ sub: 'ada', exp: now() - 60 }))],
    ['that is too old', () => sign(logout({ sub: 'ada', iat: now() - 600, exp: now() + 600 }))],
    ['of the future', () => sign(logout({ sub: 'ada', iat: now() + 60, exp: now() + 120 }))],
    ['without the event', () => sign(logout({ sub: 'ada', events: { other: {} } }))],
    ['without an id', () => sign(logout({ sub: 'ada', jti: undefined }))],
    ['without a session or a subject', () => sign(logout({}))],
    ['with a session that is no text', () => sign(logout({ sub: 'ada', sid: 7 }))],
    ['with a nonce, as an ID token has', () => sign(logout({ sub: 'ada', nonce: 'x' }))],
    ['of the type of an access token', () => sign(logout({ sub: 'ada' }), 'at+jwt')],
    ['that nobody has signed', async () => new UnsecuredJWT(logout({ sub: 'ada' })).encode()],
    [
      'that another key has signed',
      async () => {
        const { kid } = JSON.parse(
          Buffer.from((await sign(logout({}))).split('.')[0] ?? '', 'base64url').toString(),
        );
        return new SignJWT(logout({ sub: 'ada' })).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
      },
    ],
    [
      'that names an unknown key',
      () =>
        new SignJWT(logout({ sub: 'ada' })).setProtectedHeader({ alg: 'RS256', kid: 'new' }).sign(privateKey),
    ],
    [
      'that is signed with a public key as secret',
      () =>
        new SignJWT(logout({ sub: 'ada' }))
          .setProtectedHeader({ alg: 'HS256' })
          .sign(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))),
    ],
    ['that is no token', async () => 'no.token.at-all'],
    ['that is empty', async () => ''],
  ];

  test.each(forged)('%s is refused and ends nothing', async (_, make) => {
    const browser = await signedIn();
    expect((await post(await make())).status).toBe(400);
    expect(await reasonOf(browser)).toBeUndefined();
  });

  test('in place of which the ID token of the sign-in is sent is refused', async () => {
    const browser = await signedIn();
    const claims = {
      iss: identity.provider.issuer,
      aud: 'typed-bff',
      sub: 'ada',
      iat: now(),
      exp: now() + 60,
    };
    const token = await identity.provider.sign({ ...claims, jti: 'x', nonce: 'y' });
    expect(decodeJwt(token).sub).toBe('ada');
    expect((await post(token)).status).toBe(400);
    expect(await reasonOf(browser)).toBeUndefined();
  });

  test('larger than 16 KB is refused', async () => {
    expect((await post('x'.repeat(16 * 1024))).status).toBe(413);
  });

  test('must be posted', async () => {
    const response = await send(`${siteUrl}/auth/backchannel-logout`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
