import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { authenticate, visitorPrincipal } from '#server/http/authenticate.ts';
import type { SessionSource } from '#server/principal.ts';

const sha256 = (key: string) => createHash('sha256').update(key).digest();
const SERVICE_KEYS = [
  { name: 'first', sha256: sha256('key-of-first'), scopes: ['read'] },
  { name: 'second', sha256: sha256('key/of+second~=='), scopes: [] },
];

function principalOf(headers: Record<string, string>, TRUSTED_PROXY_HOPS = 0) {
  return authenticate(new Request('http://localhost/', { headers }), {
    SERVICE_KEYS,
    TRUSTED_PROXY_HOPS,
    SITE_URL: 'http://localhost',
  });
}

describe('a request with a service key', () => {
  test.each([
    ['Bearer key-of-first', { kind: 'service', name: 'first', scopes: ['read'] }],
    ['bearer   key-of-first', { kind: 'service', name: 'first', scopes: ['read'] }],
    ['BEARER key/of+second~==', { kind: 'service', name: 'second', scopes: [] }],
  ])('comes from the service: %s', (authorization, principal) => {
    expect(principalOf({ authorization, 'x-forwarded-for': '203.0.113.7' })).toEqual(principal);
  });

  test.each([
    'Bearer unknown-key',
    'Bearer',
    'Bearer key-of-first key-of-first',
    'Bearer key-of-first,',
    'Bearer unknown-key, Bearer key-of-first',
    'Bearer\tkey-of-first',
    'Bearer key=of=first',
    `Bearer ${sha256('key-of-first').toString('hex')}`,
  ])('that is not known is rejected: %s', (authorization) => {
    expect(() => principalOf({ authorization })).toThrow(expect.objectContaining({ reason: 'unauthorized' }));
  });
});

describe('a request without a service key', () => {
  test.each([undefined, 'Basic key-of-first', 'Bearerkey-of-first', 'X-Bearer key-of-first'])(
    'comes from a visitor: %s',
    (authorization) => {
      const headers = { 'x-forwarded-for': '203.0.113.7', ...(authorization ? { authorization } : {}) };
      expect(principalOf(headers)).toEqual({ kind: 'visitor', key: '203.0.113.7' });
    },
  );

  test('comes from the visitor whose address the trusted proxies report', () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.1' };
    expect(principalOf(headers, 1)).toEqual({ kind: 'visitor', key: '203.0.113.7' });
    expect(visitorPrincipal(new Headers(headers), 2)).toEqual({ kind: 'visitor', key: '198.51.100.1' });
  });
});

describe('a request with a session cookie', () => {
  const address = '203.0.113.7';
  const visitor = { kind: 'visitor', key: address };
  const about = { id: 'ada', name: 'Ada', email: null, roles: [], scopes: [], authenticationAge: 0 };
  const ends = { endsAt: 0, idleUntil: 0, isTouchDue: false };
  const user = {
    kind: 'user',
    user: { ...about, session: { ...about, id: 's', user: about, ...ends } },
  } as const;

  const findByToken = () => Promise.reject(new Error('there is no token'));

  async function principalWith(find: SessionSource['find'], headers: Record<string, string> = {}) {
    const found: string[] = [];
    const request = new Request('http://localhost/', { headers: { 'x-forwarded-for': address, ...headers } });
    const env = { SERVICE_KEYS, TRUSTED_PROXY_HOPS: 0, SITE_URL: 'http://localhost' };
    const sessions: SessionSource = {
      find(cookie) {
        found.push(cookie);
        return find(cookie);
      },
    };
    return { principal: await authenticate(request, env, { sessions, findByToken }), found };
  }

  test.each([
    ['comes from its user', user, user],
    [
      'that has ended comes from a visitor who is told so',
      { kind: 'ended' },
      { ...visitor, session: 'ended' },
    ],
    ['that is unknown comes from a visitor', { kind: 'none' }, visitor],
  ] as const)('%s', async (_, result, principal) => {
    const seen = await principalWith(async () => result, { cookie: 'other=1; session=abc' });
    expect(seen).toEqual({ principal, found: ['abc'] });
  });

  test('comes from a visitor while sessions cannot be looked up', async () => {
    const { principal } = await principalWith(() => Promise.reject(new AppError('identity_unavailable')), {
      cookie: 'session=abc',
    });
    expect(principal).toEqual({ ...visitor, session: 'unavailable' });
  });

  test('fails with an error that is a mistake', async () => {
    const mistake = new TypeError('a mistake');
    const looked = principalWith(() => Promise.reject(mistake), { cookie: 'session=abc' });
    await expect(looked).rejects.toBe(mistake);
  });

  test.each([
    ['without a value', {}],
    ['from a page of another site', { cookie: 'session=abc', 'sec-fetch-site': 'same-site' }],
  ])('is not looked up %s', async (_, headers) => {
    expect(await principalWith(async () => user, headers)).toEqual({ principal: visitor, found: [] });
  });
});
