import { describe, expect, test } from 'vitest';
import { setCommonHeaders } from '#server/http/common-headers.ts';
import { pageContentPolicy, securityHeaders } from '#server/http/security-headers.ts';

const strict = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(self), microphone=(), payment=(), usb=()',
};

test.each([
  ['http://localhost:3000', true, undefined],
  ['https://bff.example.org', false, 'max-age=31536000'],
  ['https://bff.example.org', true, 'max-age=31536000; includeSubDomains'],
])('%s with HSTS_SUBDOMAINS %s has Strict-Transport-Security %s', (SITE_URL, HSTS_SUBDOMAINS, hsts) => {
  expect(securityHeaders({ SITE_URL, HSTS_SUBDOMAINS })).toEqual({
    ...strict,
    ...(hsts === undefined ? {} : { 'strict-transport-security': hsts }),
  });
});

test('every response has the id of its request, may be rendered nowhere, and can be read by listed origins', () => {
  const headers = { 'x-own': 'kept', 'x-frame-options': 'SAMEORIGIN' };
  setCommonHeaders(headers, {
    requestId: 'request-1',
    origin: 'https://app.example.org',
    env: {
      SITE_URL: 'http://localhost:3000',
      HSTS_SUBDOMAINS: false,
      ALLOWED_ORIGINS: ['https://app.example.org'],
    },
  });
  expect(headers).toEqual({
    'x-own': 'kept',
    ...strict,
    'x-request-id': 'request-1',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    vary: 'Origin',
    'access-control-allow-origin': 'https://app.example.org',
    'access-control-expose-headers':
      'x-request-id, ratelimit, ratelimit-policy, retry-after, www-authenticate',
  });
});

describe('the policy of a page', () => {
  const policyOf = (changes: Partial<Parameters<typeof pageContentPolicy>[0]> = {}) =>
    pageContentPolicy({ nonce: 'abc', hashes: [], imageSources: [], development: false, ...changes });

  test('allows its own origin, and inline scripts and styles with its nonce', () => {
    expect(policyOf().split('; ')).toEqual([
      "default-src 'self'",
      "script-src 'self' 'nonce-abc'",
      "style-src 'self' 'nonce-abc'",
      "img-src 'self' data: blob:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]);
  });

  test('allows scripts with a known hash, and pictures of other sites', () => {
    const policy = policyOf({ hashes: ['one', 'two'], imageSources: ['https:'] });
    expect(policy).toContain("script-src 'self' 'nonce-abc' 'sha256-one' 'sha256-two';");
    expect(policy).toContain("img-src 'self' data: blob: https:;");
  });

  test('allows requests to the origins given, besides its own', () => {
    const policy = policyOf({ connectSources: ['https://s3.example.org'] });
    expect(policy).toContain("connect-src 'self' https://s3.example.org;");
  });

  test('allows what the development build needs only in development', () => {
    const policy = policyOf({ development: true });
    expect(policy).toContain("script-src 'self' 'nonce-abc' 'unsafe-eval';");
    expect(policy).toContain("style-src 'self' 'unsafe-inline';");
    expect(policyOf()).not.toContain('unsafe');
  });
});
