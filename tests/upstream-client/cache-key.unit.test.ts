import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Env, parseEnv } from '#server/config/env.ts';
import { cacheKeyOf } from '#server/upstream-client/cache-key.ts';
import type { CallEndpoint, Upstream } from '#server/upstream-client/endpoint.ts';
import type { EndpointCall } from '#server/upstream-client/request.ts';

const endpoint: CallEndpoint = {
  method: 'POST',
  idempotency: 'safe',
  template: '/things/{id}',
  summary: 'A thing',
  description: 'With a cache.',
  params: z.object({ id: z.string() }),
  query: z.object({ q: z.string().optional() }).optional(),
  body: z.object({ name: z.string() }),
  requestHeaders: ['accept-language'],
  answer: { kind: 'json', schema: z.unknown() },
  cache: { freshFor: 1, staleIfErrorFor: 1 },
  example: {},
};
const upstream: Upstream = {
  name: 'sample',
  title: 'Sample',
  origin: () => 'https://api.example',
  credential: { header: 'authorization', value: (env) => env.FIXTURE_ITEMS_TOKEN },
  endpoints: {},
};
const call: EndpointCall = { params: { id: '1' }, body: { name: 'a' } };
const token = 'token-of-the-operator';
const env = parseEnv({ FIXTURE_ITEMS_TOKEN: token });

type Changes = {
  upstream?: Partial<Upstream>;
  endpoint?: Partial<CallEndpoint>;
  call?: EndpointCall;
  env?: Env;
};

const keyOf = (changes: Changes = {}) =>
  cacheKeyOf(
    { ...upstream, ...changes.upstream },
    { ...endpoint, ...changes.endpoint },
    { ...call, ...changes.call },
    changes.env ?? env,
  );

const german = (name: string) => (name === 'accept-language' ? 'de' : null);
const publicCache: Partial<CallEndpoint> = {
  anonymous: true,
  cache: { freshFor: 1, staleIfErrorFor: 1, scope: 'public' },
};

describe('two calls do not share a response', () => {
  test.each<[string, Changes]>([
    ['of upstreams with different names', { upstream: { name: 'other' } }],
    ['of different origins', { upstream: { origin: () => 'https://other.example' } }],
    ['of endpoints that parse it differently', { endpoint: { summary: 'Another thing' } }],
    [
      'of endpoints with different media types',
      { endpoint: { answer: { ...endpoint.answer, mediaTypes: ['application/ld+json'] } } },
    ],
    ['of endpoints that forward different headers', { endpoint: { responseHeaders: ['etag'] } }],
    ['with different methods', { endpoint: { method: 'PUT' } }],
    ['with different paths', { call: { params: { id: '2' } } }],
    ['with different queries', { call: { query: { q: 'x' } } }],
    ['with different bodies', { call: { body: { name: 'b' } } }],
    ['with different forwarded headers', { call: { header: german } }],
    ['with different credentials', { env: parseEnv({ FIXTURE_ITEMS_TOKEN: 'another' }) }],
    ['with and without a credential', { env: parseEnv({}) }],
    ['one of which is anonymous', { endpoint: { anonymous: true } }],
  ])('%s', (_, changes) => {
    expect(keyOf(changes)).not.toBe(keyOf());
  });
});

test('equal calls share a response, whatever else the caller sends', () => {
  const others = { 'accept-language': null, cookie: 'a=b' };
  const header = (name: string) => others[name === 'cookie' ? 'cookie' : 'accept-language'];
  expect(keyOf({ call: { header, query: { q: undefined } } })).toBe(keyOf());
});

test('instances with different credentials share the responses of a public cache', () => {
  const other = parseEnv({ FIXTURE_ITEMS_TOKEN: 'another' });
  expect(keyOf({ endpoint: publicCache, env: other })).toBe(keyOf({ endpoint: publicCache }));
});

test('the key does not reveal the credential', () => {
  expect(keyOf()).not.toContain(token);
});
