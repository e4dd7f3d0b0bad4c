import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authenticate, visitorPrincipal } from '#server/http/authenticate.ts';

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
