import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkUpstreams, DeclarationError, defineUpstream } from '#server/upstream-client/declaration.ts';
import type { CallEndpoint, Endpoint, RawEndpoint, Upstream } from '#server/upstream-client/endpoint.ts';

const good: CallEndpoint = {
  method: 'GET',
  template: '/things',
  summary: 'Things',
  description: 'All of them.',
  answer: { kind: 'json', schema: z.object({}) },
  example: {},
};
const raw: RawEndpoint = {
  ...good,
  answer: { kind: 'raw', mediaTypes: ['text/csv'], fileName: 'things.csv' },
};

function declare(endpoint: Endpoint, more: Pick<Upstream, 'headers' | 'credential'> = {}) {
  const about = { name: 'sample', title: 'Sample', origin: () => 'http://localhost' };
  return () => defineUpstream({ ...about, ...more, endpoints: { things: endpoint } });
}

const hopByHop = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'host'];
const written = ['content-length', 'content-encoding', 'expect', 'proxy-connection'];
const badNames = ['Accept-Language', '', 'a b', 'a:', 'x-', 'é', 'a\r\nb', '__proto__'];

describe('forwarded headers', () => {
  test.each([
    ...hopByHop,
    ...written,
    ...badNames,
    ...['authorization', 'proxy-authorization', 'cookie', 'forwarded', 'via', 'x-real-ip', 'x-request-id'],
    ...[
      'origin',
      'referer',
      'user-agent',
      'accept',
      'accept-encoding',
      'x-forwarded-x',
      'x-forwarded-for',
      'x-forwarded-host',
      'sec-fetch-site',
      'proxy-x',
    ],
  ])('cannot include the request header %j', (name) => {
    for (const endpoint of [good, raw]) {
      const declared = declare({ ...endpoint, requestHeaders: ['accept-language', name] });
      expect(declared).toThrow(DeclarationError);
      expect(declared).toThrow(`upstream sample, endpoint things: the request header ${name} `);
    }
  });

  test.each([
    ...hopByHop,
    ...written,
    ...badNames,
    ...['set-cookie', 'www-authenticate', 'proxy-authenticate', 'location', 'refresh', 'server', 'vary'],
    ...['content-type', 'content-disposition', 'cache-control', 'clear-site-data', 'retry-after'],
    ...['content-security-policy', 'strict-transport-security', 'x-frame-options', 'x-content-type-options'],
    ...['access-control-allow-origin', 'cross-origin-opener-policy', 'ratelimit', 'ratelimit-policy'],
    ...['x-request-id', 'proxy-x', 'ratelimit-x', 'x-frame-x', 'x-content-type-x'],
  ])('cannot include the response header %j', (name) => {
    for (const endpoint of [good, raw]) {
      const declared = declare({ ...endpoint, responseHeaders: ['etag', name] });
      expect(declared).toThrow(DeclarationError);
      expect(declared).toThrow(`upstream sample, endpoint things: the response header ${name} `);
    }
  });

  test('say why a header is reserved', () => {
    expect(declare({ ...good, requestHeaders: ['cookie'] })).toThrow('must not be sent to an upstream');
    expect(declare({ ...good, responseHeaders: ['vary'] })).toThrow('is set by this server');
  });

  test('can include other headers', () => {
    const passing = { requestHeaders: ['range', 'if-none-match', 'x-a1'], responseHeaders: ['etag', 'link'] };
    expect(declare({ ...good, ...passing })).not.toThrow();
    expect(declare({ ...raw, ...passing })).not.toThrow();
  });
});

describe('headers that a declaration sets', () => {
  const key = { header: 'x-key', value: () => 'secret' };

  test.each([...hopByHop, ...written, 'X-Capital'])('cannot include %s', (header) => {
    const expected = `upstream sample: the header ${header} `;
    expect(declare(good, { headers: { [header]: '1' } })).toThrow(expected);
    expect(declare(good, { credential: { ...key, header } })).toThrow(expected);
  });

  test('cannot be forwarded from the caller too', () => {
    const passing = { ...good, requestHeaders: ['accept-language', 'x-key'] };
    const expected = 'upstream sample, endpoint things: the request header x-key is set';
    expect(declare(passing, { credential: key })).toThrow(expected);
    expect(declare({ ...passing, anonymous: true }, { credential: key })).toThrow(expected);
    expect(declare(passing, { headers: { 'x-key': '1' } })).toThrow(expected);
    expect(declare(passing)).not.toThrow();
  });

  test.each<[string, Endpoint]>([
    ['a public cache scope', { ...good, cache: { freshFor: 1, staleIfErrorFor: 1, scope: 'public' } }],
    ['a public Cache-Control', { ...raw, answer: { ...raw.answer, publicFor: 60 } }],
    ['a public Cache-Control of 0 seconds', { ...raw, answer: { ...raw.answer, publicFor: 0 } }],
  ])('cannot include a credential together with %s', (_, endpoint) => {
    const expected = 'upstream sample, endpoint things: a response that was fetched with a credential';
    expect(declare(endpoint, { credential: key })).toThrow(expected);
    expect(declare({ ...endpoint, anonymous: true }, { credential: key })).not.toThrow();
    expect(declare(endpoint)).not.toThrow();
  });

  test.each<[string, Endpoint]>([
    ['an endpoint without a cache', good],
    ['a raw endpoint without a public Cache-Control', raw],
  ])('can include a credential for %s', (_, endpoint) => {
    expect(declare(endpoint, { credential: key })).not.toThrow();
  });
});

test.each(['', 'Sample', '1a', 'a/b', 'a b', '../a', 'a.b', 'ä'])(
  'the upstream name %j is rejected',
  (name) => {
    const declared = { name, title: 'Sample', origin: () => 'http://localhost', endpoints: {} };
    expect(() => defineUpstream(declared)).toThrow(`upstream ${name}: the name `);
  },
);

describe('checkUpstreams', () => {
  const sample = declare(good)();
  const params = z.object({ a: z.string() });
  const byA: RawEndpoint = { ...raw, template: '/x/{a}', params };
  const byOther: RawEndpoint = { ...raw, template: '/x/{other}', params: z.object({ other: z.string() }) };

  test('rejects two upstreams with the same name', () => {
    expect(() => checkUpstreams([sample, { ...sample, name: 'other' }, sample])).toThrow(
      /^upstream sample: the name is already in use/,
    );
  });

  test.each([
    ['the same path', raw, raw],
    ['the same path with different parameter names', byA, byOther],
  ])('rejects two raw endpoints with %s', (_, one, two) => {
    const twice = { ...sample, name: 'twice', endpoints: { one, call: good, two } };
    expect(() => checkUpstreams([sample, twice])).toThrow(
      /^upstream twice, endpoint two: another raw endpoint has/,
    );
  });

  test('accepts raw endpoints that differ in method, path or upstream', () => {
    const other = { ...byA, method: 'DELETE' } as const;
    const named: RawEndpoint = { ...byA, template: '/x/{a}.csv' };
    const endpoints = { byA, other, named, raw, good, again: good };
    expect(() => checkUpstreams([sample, { ...sample, name: 'apart', endpoints }])).not.toThrow();
    expect(() =>
      checkUpstreams([
        { ...sample, endpoints },
        { ...sample, name: 'b', endpoints },
      ]),
    ).not.toThrow();
  });
});
