import { describe, expect, test } from 'vitest';
import { rejectCrossOrigin } from '#server/http/csrf.ts';
import { type AcceptedHosts, rejectForeignHost } from '#server/http/host.ts';

const site = { SITE_URL: 'https://bff.example.org/prefix', ALLOWED_HOSTS: ['bff.internal', 'bff'] };
const local = { SITE_URL: 'http://localhost:3000', ALLOWED_HOSTS: [] };

function isAccepted(host: string, settings: typeof site | typeof local, accepted?: AcceptedHosts): boolean {
  try {
    rejectForeignHost(new Headers({ host }), settings, accepted);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ reason: 'host_not_allowed', httpStatus: 403 });
    return false;
  }
}

describe('the Host header', () => {
  test.each([
    ['bff.example.org', true],
    ['BFF.example.org:8443', true],
    ['bff.example.org.', true],
    ['bff.internal:3000', true],
    ['bff', true],
    ['evil.example', false],
    ['bff.example.org.evil.example', false],
    ['evil.example#bff.example.org', false],
    ['evil.example/bff.example.org', false],
    ['bff.example.org@evil.example', false],
    ['evil@bff.example.org', false],
    ['bff.example.org/evil.example', false],
    ['bff.example.org?evil.example', false],
    ['bff.example.org:80:80', false],
    ['', false],
    ['localhost', false],
    ['127.0.0.1:3000', false],
    ['10.0.0.7:3000', false],
    ['[::1]', false],
  ])('%s: %s for a public site', (host, accepted) => {
    expect(isAccepted(host, site)).toBe(accepted);
    expect(isAccepted(host, site, 'any')).toBe(true);
  });

  test('is missing only in requests of programs, so that they are served', () => {
    expect(() => rejectForeignHost(new Headers(), site)).not.toThrow();
  });

  test('of any length that a name can have is parsed, and no longer one', () => {
    const named = (host: string) => isAccepted(host, { ...site, ALLOWED_HOSTS: [host] });
    const labels = (length: number) => 'a'.repeat(59).concat('.').repeat(5).slice(0, length);
    expect([named(labels(255)), named(labels(256))]).toEqual([true, false]);
  });

  test('is judged the same way each time', () => {
    const twice = (host: string) => [isAccepted(host, site), isAccepted(host, site)];
    expect(twice('bff.example.org:81')).toEqual([true, true]);
    expect(twice('evil.example:81')).toEqual([false, false]);
    expect(twice('bff.example.org:x')).toEqual([false, false]);
  });

  test.each([
    ['localhost:3000', true],
    ['app.localhost', true],
    ['127.0.0.1:8080', true],
    ['127.1.2.3', true],
    ['127.0.0.100', true],
    ['[::1]:3000', true],
    ['evil.example:3000', false],
    ['127.0.0.1.evil.example', false],
    ['1127.0.0.1', false],
    ['evillocalhost', false],
    ['10.0.0.7', false],
  ])('%s: %s for a site on this machine', (host, accepted) => {
    expect(isAccepted(host, local)).toBe(accepted);
  });

  test.each([
    ['10.0.0.7:3000', true],
    ['[fd00::7]:3000', true],
    ['evil.example', false],
    ['10.0.0.7.evil.example', false],
  ])('%s: %s where monitoring calls by address', (host, accepted) => {
    expect(isAccepted(host, site, 'address')).toBe(accepted);
  });
});

describe('the origin of a mutation', () => {
  function passes(headers: Record<string, string>, siteUrl = site.SITE_URL): boolean {
    const { signal } = new AbortController();
    const request = { method: 'POST', url: siteUrl, body: null, signal, headers: new Headers(headers) };
    try {
      rejectCrossOrigin(request, { siteUrl, allowedOrigins: ['https://app.example.org'] });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ reason: 'cross_origin' });
      return false;
    }
  }

  test.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'https://bff.example.org' }, true],
    [{ origin: 'https://bff.example.org', 'sec-fetch-site': 'same-origin' }, true],
    [{ origin: 'https://bff.example.org', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'https://app.example.org', 'sec-fetch-site': 'cross-site' }, true],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'none' }, false],
    [{ origin: 'http://bff.example.org', 'sec-fetch-site': 'same-origin' }, false],
    [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, false],
    [{ origin: 'https://localhost', 'sec-fetch-site': 'same-origin' }, false],
  ])('%j: %s', (headers, accepted) => {
    expect(passes(headers)).toBe(accepted);
  });

  test.each<[string, boolean]>([
    ['http://localhost:3000', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    ['http://localhost:8080', false],
    ['http://localhost:3000/', false],
    ['https://localhost:3000', false],
    ['http://localhost', false],
    ['http://evil.example:3000', false],
    ['null', false],
  ])('%s: %s for a site on this machine', (origin, accepted) => {
    expect(passes({ origin, 'sec-fetch-site': 'same-origin' }, local.SITE_URL)).toBe(accepted);
  });
});
