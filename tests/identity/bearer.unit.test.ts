import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { productTitle } from '#server/config/product-name.ts';
import { createProvider } from '#server/identity/provider.ts';
import { identitySettingsOf } from '#server/identity/settings.ts';
import { services } from '#server/services.ts';
import { forgetSessions, newBrowser, send, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();

const now = () => Math.floor(Date.now() / 1_000);

/** Claims of an access token that the API accepts (RFC 9068, section 2.2). */
const claims = (changed: Record<string, unknown> = {}) => ({
  iss: identity.provider.issuer,
  aud: siteUrl,
  sub: 'ada',
  client_id: 'typed-bff-cli',
  jti: 'token-1',
  iat: now(),
  exp: now() + 60,
  auth_time: now(),
  scope: 'drafts:read',
  ...changed,
});

const tokenOf = (changed?: Record<string, unknown>, type = 'at+jwt') =>
  identity.provider.sign(claims(changed), type);

async function call(procedure: string, token: string, input?: unknown) {
  const response = await send(`${siteUrl}/api/trpc/${procedure}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(input === undefined ? {} : superjson.serialize(input)),
  });
  const { result, error } = await response.json();
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    data: result && superjson.deserialize(result.data),
    reason: error?.json.data.reason,
    message: error?.json.message,
  };
}

const metadata = `resource_metadata="${siteUrl}/.well-known/oauth-protected-resource"`;

describe('an access token', () => {
  test('acts for the user who has signed in with a browser', async () => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const { data } = await browser.call('session.current');
    const called = await call('session.current', await tokenOf());
    expect(called).toMatchObject({ status: 200, data: { ended: false, endsAt: null, idleUntil: null } });
    // Roles are those of the token, and those that the operator gives to the verified address.
    expect(called.data).toMatchObject({
      user: { ...(data as { user: object }).user, roles: ['owner'] },
    });
    const withRoles = await call('session.current', await tokenOf({ roles: ['editor'] }));
    expect(withRoles.data).toMatchObject({ user: { roles: ['editor', 'owner'] } });
  });

  test('acts for a user who has never signed in with a browser, and keeps the profile of one who has', async () => {
    const first = await call('session.current', await tokenOf({ sub: 'bob' }));
    expect(first.data).toMatchObject({ user: { name: null, email: null, roles: [] } });
    const browser = newBrowser();
    await browser.signIn('bob');
    const { data } = await browser.call('session.current');
    expect(data).toMatchObject({ user: { name: 'Bob' } });
    forgetSessions();
    const again = await call('session.current', await tokenOf({ sub: 'bob' }));
    expect(again.data).toMatchObject({ user: (data as { user: object }).user });
  });

  test('of one user at the same moment creates one user', async () => {
    const token = await tokenOf({ sub: 'carl' });
    const calls = await Promise.all(Array.from({ length: 5 }, () => call('session.current', token)));
    const ids = calls.map(({ data }) => (data as { user: { id: string } }).user.id);
    expect(new Set(ids).size).toBe(1);
  });

  test('uses what belongs to the user, and has no session of its own in the list', async () => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const places = [{ name: 'Berlin', lat: 52.52, lng: 13.41 }];
    const token = await tokenOf();
    const put = await call('account.savedPlaces.put', token, { places });
    expect(put.status).toBe(200);
    expect((await browser.call('account.savedPlaces.get')).data).toEqual(
      (await call('account.savedPlaces.get', token)).data,
    );
    const { data } = await call('session.list', token);
    expect(data).toEqual(expect.arrayContaining([expect.objectContaining({ current: false })]));
    expect((data as { current: boolean }[]).some(({ current }) => current)).toBe(false);
  });

  test.each([
    ['recently', { auth_time: now() }, 200, undefined],
    ['long ago', { auth_time: now() - 16 * 60 }, 401, 'reauthentication_required'],
    ['at an unknown time', { auth_time: undefined }, 401, 'reauthentication_required'],
  ])('of a user who proved who they are %s', async (_, changed, status, reason) => {
    expect(await call('session.revokeOthers', await tokenOf(changed))).toMatchObject({ status, reason });
  });

  test.each<[string, Record<string, unknown>, string?]>([
    ['for another audience', { aud: 'https://other.example' }],
    ['for the MCP server', { aud: `${siteUrl}/mcp` }],
    ['for an address that begins like this one', { aud: `${siteUrl}/` }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['that has ended', { exp: now() - 11 }],
    ['without an end', { exp: undefined }],
    ['without a user', { sub: undefined }],
    ['that a client got for itself', { sub: 'typed-bff-cli' }],
    ['that a client of another kind got for itself', { client_id: undefined, azp: 'x', sub: 'x' }],
    ['that this product got for itself', { client_id: undefined, sub: 'typed-bff' }],
    ['that a client of Auth0 got for itself', { client_id: 'x', sub: 'x@clients' }],
    ['that is not valid yet', { nbf: now() + 60 }],
    ['that is an ID token', {}, 'JWT'],
    ['that is a logout token', {}, 'logout+jwt'],
  ])('%s is refused', async (_, changed, type) => {
    const called = await call('session.list', await tokenOf(changed, type));
    expect(called).toMatchObject({
      status: 401,
      reason: 'unauthorized',
      message: 'The service key or access token is not valid.',
      challenge: `Bearer realm="typed-bff", error="invalid_token", ${metadata}`,
    });
  });

  test('that someone else has signed is refused', async () => {
    const { generateKeyPair, SignJWT } = await import('jose');
    const { privateKey } = await generateKeyPair('RS256');
    const [header = ''] = (await tokenOf()).split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const signed = (alg: string, key: CryptoKey | Uint8Array, keyId = kid) =>
      new SignJWT(claims()).setProtectedHeader({ alg, kid: keyId, typ: 'at+jwt' }).sign(key);
    const [, payload = ''] = (await tokenOf()).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    for (const token of [
      await signed('RS256', privateKey),
      await signed('RS256', privateKey, 'unknown'),
      await signed('HS256', new TextEncoder().encode(services().env.OIDC_CLIENT_SECRET)),
      `${none}.${payload}.`,
      `${none}.${payload}.AAAA`,
      'a.b.c',
      'opaque',
    ]) {
      expect(await call('session.list', token)).toMatchObject({ status: 401, reason: 'unauthorized' });
    }
  });

  test.each([
    [404, 'no keys here'],
    [200, '<!doctype html>'],
    [200, '{"keys":1}'],
  ])('cannot be verified while the provider gives %s and %j in place of its keys', async (status, body) => {
    const { env, log, upstreams } = services();
    const settings = identitySettingsOf(env)?.provider;
    if (!settings) throw new Error('there is no provider');
    const fetchText: typeof upstreams.fetchText = async (name, request, options) => {
      const response = await upstreams.fetchText(name, request, options);
      return request.url.endsWith('/jwks') ? { ...response, status, text: body } : response;
    };
    const provider = createProvider({ settings, upstreams: { fetchText }, log });
    await expect(provider.verifyAccessToken(await tokenOf(), siteUrl)).rejects.toMatchObject({
      reason: 'identity_unavailable',
    });
  });

  test('is no longer accepted after its end, although it was verified', async () => {
    const token = await tokenOf({ exp: now() + 1 });
    expect((await call('session.list', token)).status).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 2_000 + limits.identity.tokenClockTolerance, toFake: ['Date'] });
    try {
      expect((await call('session.list', token)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  test('of a disabled user is refused', async () => {
    const token = await tokenOf({ sub: 'grace' });
    expect((await call('session.list', token)).status).toBe(200);
    const { queries } = await identity.database();
    const { user_id: id } = await queries
      .selectFrom('user_identity')
      .select('user_id')
      .where('subject', '=', 'grace')
      .executeTakeFirstOrThrow();
    await queries.updateTable('user_account').set({ disabled_at: 1 }).where('id', '=', id).execute();
    forgetSessions();
    expect((await call('session.list', token)).status).toBe(401);
  });

  test('wins over the session cookie of the request', async () => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const { data } = await browser.call('session.current', undefined, {
      'sec-fetch-site': 'same-origin',
      authorization: `Bearer ${await tokenOf({ sub: 'bob' })}`,
    });
    expect(data).toMatchObject({ user: { name: 'Bob' } });
  });

  test('does not count where only services may call', async () => {
    const token = await tokenOf();
    expect(await call('mail.list', token, {})).toMatchObject({ status: 401, reason: 'unauthorized' });
    const response = await send(`${siteUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(401);
  });

  test('does not do for the stream of a session', async () => {
    const response = await send(`${siteUrl}/api/trpc/session.watch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf()}` },
      body: '{}',
    });
    expect(await response.text()).toMatch(/event: serialized-error\n.*"reason":"forbidden"/);
  });

  test('does not do for a backend that is called on behalf of users', async () => {
    expect(await call('proxy.drafts.list', await tokenOf(), {})).toMatchObject({
      status: 403,
      reason: 'forbidden',
      message: 'An access token does not do here: sign in with a browser.',
    });
  });
});

test('the response to a call without a token names the metadata', async () => {
  const response = await send(`${siteUrl}/api/trpc/session.list`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="typed-bff", ${metadata}`);
});

test.each([
  ['', siteUrl],
  ['/mcp', `${siteUrl}/mcp`],
])('the metadata of the resource %j name the provider', async (path, resource) => {
  const response = await send(`${siteUrl}/.well-known/oauth-protected-resource${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({
    resource,
    authorization_servers: [identity.provider.issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: ['openid'],
    resource_name: productTitle,
    resource_documentation: `${siteUrl}/docs`,
  });
});
