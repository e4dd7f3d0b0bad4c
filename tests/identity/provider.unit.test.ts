import { generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { services } from '#server/services.ts';
import { leadsTo } from './browser.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();
const unavailable = new RegExp(`^${siteUrl}/sign-in\\?problem=identity_unavailable&wait=\\d+&returnTo=%2F$`);

describe('a provider that is down', () => {
  test('between the two steps fails the sign-in with 503, and another one succeeds', async () => {
    const browser = newBrowser();
    const callback = await browser.choose(await browser.begin(), 'ada');
    identity.provider.intercept = (request, response) => {
      if (!request.url?.startsWith('/token')) return false;
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"server_error"}');
      return true;
    };
    const response = await browser.finish(callback);
    expect(response.status).toBe(503);
    expect(await leadsTo(response)).toMatch(unavailable);
    identity.provider.intercept = undefined;
    await browser.signIn('ada');
  });

  test('when the user signs out does not keep the user signed in', async () => {
    const browser = newBrowser();
    await browser.signIn('ada');
    identity.provider.intercept = (_, response) => {
      response.destroy();
      return true;
    };
    const left = await browser.request('/auth/sign-out', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(),
    });
    expect(left.status).toBe(200);
    expect(browser.cookie('session')).toBeUndefined();
  });
});

test.each([
  ['a token response that is no JSON', 'text/plain', 'no JSON'],
  ['a token response without an ID token', 'application/json', '{"access_token":"a","token_type":"bearer"}'],
  [
    'an error of the token endpoint',
    'application/json',
    '{"error":"invalid_grant","error_description":"secret"}',
  ],
])('%s fails the sign-in, and nothing of it is shown', async (_, contentType, body) => {
  const browser = newBrowser();
  const callback = await browser.choose(await browser.begin(), 'ada');
  identity.provider.intercept = (request, response) => {
    if (!request.url?.startsWith('/token')) return false;
    response.writeHead(body.includes('invalid_grant') ? 400 : 200, { 'content-type': contentType }).end(body);
    return true;
  };
  const response = await browser.finish(callback);
  expect(await response.clone().text()).not.toContain('secret');
  expect(await leadsTo(response)).toBe(`${siteUrl}/sign-in?problem=sign_in_failed&returnTo=%2F`);
  expect(browser.cookie('session')).toBeUndefined();
});

describe('the refresh token of a sign-in that fails is revoked', () => {
  const revocations = () => identity.provider.requests.filter(({ path }) => path === '/token/revocation');

  async function failAt(handle: (response: ServerResponse) => boolean): Promise<number> {
    const browser = newBrowser();
    const callback = await browser.choose(await browser.begin(), 'ada');
    identity.provider.intercept = (request, response) => (request.url === '/me' ? handle(response) : false);
    const { status } = await browser.finish(callback);
    expect(browser.cookie('session')).toBeUndefined();
    await vi.waitFor(() => expect(revocations()).toHaveLength(1), 10_000);
    return status;
  }

  test('if the provider does not return the profile', async () => {
    expect(await failAt((response) => Boolean(response.writeHead(500).end()))).toBe(503);
  });

  test('if the database goes down meanwhile', async () => {
    const goDown = () => {
      vi.spyOn(services().database, 'open').mockRejectedValue(new Error('down'));
      return false;
    };
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await failAt(goDown)).toBe(503);
  });
});

describe('an ID token', () => {
  const seconds = (offset: number) => Math.floor(Date.now() / 1_000) + offset;

  /** Finishes a sign-in with an ID token that replaces the provider's. */
  async function finishWith(
    change: Record<string, unknown>,
    sign: (claims: Record<string, unknown>) => Promise<string> = identity.provider.sign,
    keys?: JWK[],
  ) {
    const browser = newBrowser();
    const providerUrl = await browser.begin();
    const callback = await browser.choose(providerUrl, 'ada');
    const token = await sign({
      iss: identity.provider.issuer,
      sub: 'ada',
      aud: 'typed-bff',
      nonce: new URL(providerUrl).searchParams.get('nonce'),
      iat: seconds(0),
      exp: seconds(600),
      auth_time: seconds(-5),
      name: 'Ada',
      email: 'ada@people.example',
      ...change,
    });
    identity.provider.intercept = (request, response) => {
      if (keys && request.url === '/jwks') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
        return true;
      }
      if (!request.url?.startsWith('/token')) return false;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ access_token: 'a', token_type: 'bearer', expires_in: 60, id_token: token }));
      return true;
    };
    const response = await browser.finish(callback);
    return { status: response.status, session: browser.cookie('session') };
  }

  test.each([
    ['as it should be', {}],
    ['of a clock that is 20 seconds ahead', { iat: seconds(20), auth_time: seconds(15) }],
    ['of a clock that is 20 seconds late', { iat: seconds(-620), exp: seconds(-20) }],
  ])('%s is accepted', async (_, change) => {
    expect(await finishWith(change)).toMatchObject({ status: 200, session: expect.any(String) });
  });

  test.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'other' }],
    ['for several clients, of which another one is authorized', { aud: ['typed-bff', 'x'], azp: 'x' }],
    ['of another sign-in', { nonce: 'x' }],
    ['without a nonce', { nonce: undefined }],
    ['that has expired', { exp: seconds(-120) }],
    ['of the future', { iat: seconds(120), exp: seconds(600), nbf: seconds(120) }],
    ['without a subject', { sub: undefined }],
  ])('%s is refused', async (_, change) => {
    expect(await finishWith(change)).toEqual({ status: 400, session: undefined });
  });

  test.each([
    [
      'that another key has signed',
      (claims: Record<string, unknown>) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256' })
          .sign(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    ],
    ['that nobody has signed', async (claims: Record<string, unknown>) => new UnsecuredJWT(claims).encode()],
    [
      'that is signed with the secret of the client',
      (claims: Record<string, unknown>) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .sign(Buffer.from(identity.provider.env.OIDC_CLIENT_SECRET)),
    ],
  ])('%s is refused', async (_, sign) => {
    expect(await finishWith({}, sign)).toEqual({ status: 400, session: undefined });
  });

  test('that is signed with a new key of the provider is accepted', async () => {
    expect(await finishWith({})).toMatchObject({ status: 200 });
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const header = { alg: 'RS256', kid: 'new' };
    const sign = (claims: Record<string, unknown>) =>
      new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    const keys = [{ ...publicKey.export({ format: 'jwk' }), ...header }];
    // An unknown key is looked for at most once a minute.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await finishWith({}, sign, keys)).toMatchObject({ status: 200, session: expect.any(String) });
  });
});
