import { describe, expect, test } from 'vitest';
import { cookieHeader, cookieNameOf, readCookie } from '#server/http/cookie.ts';
import { sessionCookie, signedInCookie } from '#server/http/session-cookie.ts';
import { joinClaims, profileOf, wordsOf } from '#server/identity/claims.ts';
import { deviceOf } from '#server/identity/device.ts';
import { claimedRolesOf, rolesOf } from '#server/identity/roles.ts';
import { requireUser, type SignedInUser } from '#server/principal.ts';

const https = 'https://site.example';
const local = 'http://localhost:3000';

describe('a cookie', () => {
  test('has the prefix that keeps sibling domains and scripts away, where there is HTTPS', () => {
    expect(cookieNameOf(sessionCookie, https)).toBe('__Host-Http-session');
    expect(cookieNameOf(signedInCookie, https)).toBe('__Host-signed-in');
    expect(cookieNameOf(sessionCookie, local)).toBe('session');
  });

  test('is set and deleted with the same attributes', () => {
    const attributes = '; Path=/; SameSite=Strict; Secure; HttpOnly';
    expect(cookieHeader(sessionCookie, 'value', { maxAge: 1_999, siteUrl: https })).toBe(
      `__Host-Http-session=value; Max-Age=1${attributes}`,
    );
    expect(cookieHeader(sessionCookie, '', { maxAge: 0, siteUrl: https })).toBe(
      `__Host-Http-session=; Max-Age=0${attributes}`,
    );
  });

  test('that scripts may read, on a site without HTTPS, is neither HttpOnly nor Secure', () => {
    expect(cookieHeader(signedInCookie, '1', { maxAge: 60_000, siteUrl: local })).toBe(
      'signed-in=1; Max-Age=60; Path=/; SameSite=Strict',
    );
  });

  test.each([
    ['session=a', 'a'],
    ['other=x; session=a', 'a'],
    ['session=a; session=b', 'a'],
    ['other=session=a; session=b', 'b'],
    ['xsession=a', undefined],
    ['session', undefined],
    ['', undefined],
    ['session=', ''],
  ])('of the header %j is %j', (header, value) => {
    const headers = new Headers({ cookie: header });
    expect(readCookie(headers, sessionCookie, local)).toBe(value);
  });

  test('is missing without a Cookie header', () => {
    expect(readCookie(new Headers(), sessionCookie, local)).toBeUndefined();
  });
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:150.0) Gecko/20100101 Firefox/150.0', 'Firefox on macOS'],
  ['Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0', 'Firefox on Android'],
  ['curl/8.5.0', 'Unknown device'],
  ['<script>alert(1)</script>', 'Unknown device'],
  [null, 'Unknown device'],
])('the device of %j is %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device);
});

describe('claims', () => {
  const who = { issuer: 'https://id.example', subject: 'ada' };

  test('give a profile, without control characters', () => {
    const claims = { name: ' Ada\u0000\u202e ', email: 'Ada@people.example', email_verified: true };
    expect(profileOf(claims, who)).toEqual({
      ...who,
      name: 'Ada',
      email: 'Ada@people.example',
      isEmailVerified: true,
    });
  });

  test.each([
    [{}, null, null],
    [{ name: 7, email: ['a@b.example'] }, null, null],
    [{ name: '', preferred_username: 'ada' }, 'ada', null],
    [{ name: 'x'.repeat(255), email: `${'x'.repeat(250)}@b.example` }, null, null],
  ])('%j give the name %j and the address %j', (claims, name, email) => {
    expect(profileOf(claims, who)).toMatchObject({ name, email, isEmailVerified: false });
  });

  test.each([
    [{ realm_access: { roles: ['editor', 'admin', 7] } }, ['admin', 'editor']],
    [{ realm_access: { roles: [] } }, []],
    [{ realm_access: { roles: 'b a' } }, ['a', 'b']],
    [{ realm_access: 'x' }, undefined],
    [{ roles: ['admin'] }, undefined],
  ])('%j give the roles %j', (claims, roles) => {
    expect(claimedRolesOf(claims, ['realm_access', 'roles'])).toEqual(roles);
  });

  test.each([
    [{ email: 'a' }, { email: 'b', email_verified: true }, 'a', undefined],
    [{ email: 'a' }, { email: 'a', email_verified: true }, 'a', true],
    [{ email: 'a', email_verified: false }, { email: 'a', email_verified: true }, 'a', false],
    [{ email_verified: true }, { email: 'a' }, 'a', undefined],
    [{}, { email: 'a', email_verified: true }, 'a', true],
    [{}, {}, undefined, undefined],
  ])(
    'of the ID token %j and of userinfo %j say that %j is verified: %j',
    (idToken, userInfo, email, verified) => {
      expect(joinClaims(userInfo, idToken)).toEqual({ email, email_verified: verified });
    },
  );

  test('are joined by the roles that the operator gives to the verified address', () => {
    const byAddress = new Map([['ada@people.example', ['admin', 'editor']]]);
    expect(rolesOf(['editor'], 'ADA@people.example', byAddress)).toEqual(['editor', 'admin']);
    expect(rolesOf(['editor'], null, byAddress)).toEqual(['editor']);
    expect(rolesOf([], 'bob@people.example', byAddress)).toEqual([]);
  });

  test('with words are a list or separated by spaces', () => {
    expect(wordsOf('openid  profile')).toEqual(['openid', 'profile']);
    expect(wordsOf(['a', 'b c', '', 7])).toEqual(['a']);
    expect(wordsOf(undefined)).toEqual([]);
  });
});

describe('a procedure for users', () => {
  const user: SignedInUser = {
    id: 'ada',
    name: 'Ada',
    email: null,
    roles: ['editor'],
    scopes: ['openid', 'drafts:read'],
    authenticationAge: 1_000,
    session: {
      id: 'session',
      user: { id: 'ada', name: 'Ada', email: null },
      roles: ['editor'],
      scopes: ['openid'],
      authenticationAge: 1_000,
      endsAt: 0,
      idleUntil: 0,
      isTouchDue: false,
    },
  };
  const principal = { kind: 'user', user } as const;

  test.each([[{}], [{ roles: ['admin', 'editor'] }], [{ scopes: ['drafts:read'] }], [{ maxAge: 1_000 }]])(
    'that requires %j admits',
    (requirement) => {
      expect(requireUser(principal, requirement)).toBe(user);
    },
  );

  test.each([
    [{ roles: ['admin'] }, 'forbidden'],
    [{ scopes: ['drafts:read', 'drafts:write'] }, 'forbidden'],
    [{ maxAge: 999 }, 'reauthentication_required'],
  ])('that requires %j refuses with %s', (requirement, reason) => {
    expect(() => requireUser(principal, requirement)).toThrow(expect.objectContaining({ reason }));
  });

  test.each([
    [{ kind: 'visitor', key: '127.0.0.1' }, 'sign_in_required'],
    [{ kind: 'visitor', key: '127.0.0.1', session: 'ended' }, 'session_ended'],
    [{ kind: 'visitor', key: '127.0.0.1', session: 'unavailable' }, 'identity_unavailable'],
    [{ kind: 'service', name: 'cron', scopes: ['drafts:read'] }, 'sign_in_required'],
    [{ kind: 'internal' }, 'sign_in_required'],
  ] as const)('refuses %j with %s', (caller, reason) => {
    expect(() => requireUser(caller, {})).toThrow(expect.objectContaining({ reason }));
  });
});
