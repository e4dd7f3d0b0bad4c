import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { DeclarationError, defineUpstream } from '#server/upstream-client/declaration.ts';
import {
  type CallEndpoint,
  type Endpoint,
  idempotencyOf,
  type RawEndpoint,
} from '#server/upstream-client/endpoint.ts';

const good: CallEndpoint = {
  method: 'GET',
  template: '/things',
  summary: 'Things',
  description: 'All of them.',
  answer: { kind: 'json', schema: z.object({}) },
  example: {},
};

function declare(endpoint: Endpoint) {
  return () =>
    defineUpstream({
      name: 'sample',
      title: 'Sample',
      origin: () => 'http://localhost',
      endpoints: { things: endpoint },
    });
}

const raw: RawEndpoint = {
  ...good,
  answer: { kind: 'raw', mediaTypes: ['text/csv'], fileName: 'things.csv' },
};
const params = z.object({ id: z.string() });
const cache = { freshFor: 1, staleIfErrorFor: 1 };

describe('defineUpstream accepts', () => {
  const sound: [string, Endpoint][] = [
    ['a plain endpoint', good],
    ['a template with a parameter', { ...good, template: '/things/{id}', params }],
    ['a GET with a cache', { ...good, cache }],
    ['a safe POST with a cache', { ...good, method: 'POST', idempotency: 'safe', cache }],
    ['a POST with a body', { ...good, method: 'POST', body: z.object({}) }],
    ['a parameter with a suffix in its segment', { ...good, template: '/things/{id}.json', params }],
    ['the longest deadline', { ...good, deadline: limits.upstream.maxDeadline }],
    ['the shortest deadline', { ...good, deadline: 1 }],
    ['a cache window of zero', { ...good, cache: { freshFor: 0, staleIfErrorFor: 0 } }],
    [
      'parameters in another order than in the template',
      { ...good, template: '/{b}/{a}', params: z.object({ a: z.string(), b: z.string() }) },
    ],
    [
      'cache windows of equal length',
      { ...good, cache: { freshFor: 2, staleWhileRevalidateFor: 2, staleIfErrorFor: 2 } },
    ],
    ['a raw endpoint', raw],
    ['a raw endpoint with an upload', { ...raw, method: 'PUT', upload: { mediaTypes: ['text/csv'] } }],
  ];
  test.each(sound)('%s', (_, endpoint) => {
    expect(declare(endpoint)().endpoints.things).toBe(endpoint);
  });
});

describe('defineUpstream rejects, naming upstream and endpoint:', () => {
  const mistakes: [string, Endpoint][] = [
    ['a template parameter without params', { ...good, template: '/things/{id}' }],
    ['a GET with a body', { ...good, body: z.object({}) }],
    ['a cache for a POST', { ...good, method: 'POST', cache }],
    ['a cache for a DELETE', { ...good, method: 'DELETE', cache }],
    ['a cache for a GET that is not safe', { ...good, idempotency: 'none', cache }],
    ['a template parameter that is not in params', { ...good, template: '/things/{other}', params }],
    [
      'one of two template parameters that is not in params',
      { ...good, template: '/things/{id}/{other}', params },
    ],
    ['params that are not in the template', { ...good, template: '/things', params }],
    ['a template with an empty segment', { ...good, template: '/things//all' }],
    ['a template with a dot segment', { ...good, template: '/things/../all' }],
    [
      'two parameters in one segment',
      { ...good, template: '/{a}{b}', params: z.object({ a: z.string(), b: z.string() }) },
    ],
    ['a template with a path parameter after a semicolon', { ...good, template: '/things;v=1' }],
    ['a template parameter that occurs twice', { ...good, template: '/{id}/{id}', params }],
    ['a template with a trailing slash', { ...good, template: '/things/' }],
    ['an empty template', { ...good, template: '/' }],
    ['a template with a single dot', { ...good, template: '/./things' }],
    ['a template with a query', { ...good, template: '/things?all' }],
    ['a template with a fragment', { ...good, template: '/things#all' }],
    ['a template with an escape', { ...good, template: '/things%2fall' }],
    ['a template with a backslash', { ...good, template: '/things\\all' }],
    ['a template with an unclosed brace', { ...good, template: '/things/{id', params }],
    ['a template parameter without a name', { ...good, template: '/things/{}' }],
    ['a deadline above the maximum', { ...good, deadline: limits.upstream.maxDeadline + 1 }],
    ['a deadline of zero', { ...good, deadline: 0 }],
    ['a negative deadline', { ...good, deadline: -1 }],
    [
      'an additional template parameter that occurs twice',
      { ...good, template: '/{id}/{other}/{id}', params: z.object({ id: z.string(), other: z.string() }) },
    ],
    ['a deadline of NaN', { ...good, deadline: Number.NaN }],
    ['a raw GET with an upload', { ...raw, upload: { mediaTypes: ['text/csv'] } }],
    ['a raw endpoint without media types', { ...raw, answer: { ...raw.answer, mediaTypes: [] } }],
    ['a negative cache window', { ...good, cache: { freshFor: -1, staleIfErrorFor: 1 } }],
    ['a cache window of NaN', { ...good, cache: { freshFor: Number.NaN, staleIfErrorFor: 1 } }],
    [
      'a stale-while-revalidate window shorter than the fresh one',
      { ...good, cache: { freshFor: 2, staleWhileRevalidateFor: 1, staleIfErrorFor: 3 } },
    ],
    [
      'a stale-if-error window shorter than the fresh one',
      { ...good, cache: { freshFor: 2, staleIfErrorFor: 1 } },
    ],
    [
      'a stale-while-revalidate window longer than the stale-if-error one',
      { ...good, cache: { freshFor: 1, staleWhileRevalidateFor: 3, staleIfErrorFor: 2 } },
    ],
  ];
  test.each(mistakes)('%s', (_, endpoint) => {
    expect(declare(endpoint)).toThrow(DeclarationError);
    expect(declare(endpoint)).toThrow(/^upstream sample, endpoint things: /);
  });
});

test('by default a GET is safe and other methods must not be repeated', () => {
  expect(idempotencyOf(good)).toBe('safe');
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    expect(idempotencyOf({ ...good, method })).toBe('none');
    expect(idempotencyOf({ ...good, method, idempotency: 'safe' })).toBe('safe');
  }
  expect(idempotencyOf({ ...good, idempotency: 'none' })).toBe('none');
});
