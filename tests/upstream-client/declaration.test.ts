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

describe('sound declarations pass', () => {
  const sound: [string, Endpoint][] = [
    ['plain', good],
    ['with a segment', { ...good, template: '/things/{id}', params }],
    ['GET with a cache', { ...good, cache }],
    ['POST that reads, with a cache', { ...good, method: 'POST', idempotency: 'safe', cache }],
    ['POST with a body', { ...good, method: 'POST', body: z.object({}) }],
    ['with text around a name', { ...good, template: '/things/{id}.json', params }],
    ['with the longest deadline', { ...good, deadline: limits.upstream.longestDeadline }],
    [
      'windows that are one',
      { ...good, cache: { freshFor: 2, staleWhileRevalidateFor: 2, staleIfErrorFor: 2 } },
    ],
    ['raw', raw],
    ['raw that takes an upload', { ...raw, method: 'PUT', upload: { mediaTypes: ['text/csv'] } }],
  ];
  test.each(sound)('%s', (_, endpoint) => {
    expect(declare(endpoint)().endpoints.things).toBe(endpoint);
  });
});

describe('a mistake stops the start, naming upstream and endpoint', () => {
  const mistakes: [string, Endpoint][] = [
    ['a segment without params', { ...good, template: '/things/{id}' }],
    ['GET with a body', { ...good, body: z.object({}) }],
    ['a cache for what writes', { ...good, method: 'POST', cache }],
    ['a cache for DELETE', { ...good, method: 'DELETE', cache }],
    ['a cache for a GET that does not only read', { ...good, idempotency: 'none', cache }],
    ['a segment that the params do not hold', { ...good, template: '/things/{other}', params }],
    [
      'one of two segments that the params do not hold',
      { ...good, template: '/things/{id}/{other}', params },
    ],
    ['params that no segment takes', { ...good, template: '/things', params }],
    ['a template with an empty segment', { ...good, template: '/things//all' }],
    ['a template with a dot segment', { ...good, template: '/things/../all' }],
    [
      'two names in one segment',
      { ...good, template: '/{a}{b}', params: z.object({ a: z.string(), b: z.string() }) },
    ],
    ['a parameter in the path', { ...good, template: '/things;v=1' }],
    ['one name twice', { ...good, template: '/{id}/{id}', params }],
    ['a template that ends in a slash', { ...good, template: '/things/' }],
    ['a template of nothing', { ...good, template: '/' }],
    ['a template with a single dot', { ...good, template: '/./things' }],
    ['a template with a query', { ...good, template: '/things?all' }],
    ['a template with a fragment', { ...good, template: '/things#all' }],
    ['a template with an escape', { ...good, template: '/things%2fall' }],
    ['a template with a backslash', { ...good, template: '/things\\all' }],
    ['a template with a brace left open', { ...good, template: '/things/{id', params }],
    ['a segment without a name', { ...good, template: '/things/{}' }],
    ['a deadline beyond the longest', { ...good, deadline: limits.upstream.longestDeadline + 1 }],
    ['a deadline of nothing', { ...good, deadline: 0 }],
    ['a deadline that is no number', { ...good, deadline: Number.NaN }],
    ['a raw GET that takes an upload', { ...raw, upload: { mediaTypes: ['text/csv'] } }],
    ['a raw endpoint that lets no type through', { ...raw, answer: { ...raw.answer, mediaTypes: [] } }],
    ['a window below nothing', { ...good, cache: { freshFor: -1, staleIfErrorFor: 1 } }],
    ['a window that is no number', { ...good, cache: { freshFor: Number.NaN, staleIfErrorFor: 1 } }],
    [
      'a window for refreshing below the fresh one',
      { ...good, cache: { freshFor: 2, staleWhileRevalidateFor: 1, staleIfErrorFor: 3 } },
    ],
    ['windows that shrink', { ...good, cache: { freshFor: 2, staleIfErrorFor: 1 } }],
    [
      'a window for refreshing beyond the one for failures',
      { ...good, cache: { freshFor: 1, staleWhileRevalidateFor: 3, staleIfErrorFor: 2 } },
    ],
  ];
  test.each(mistakes)('%s', (_, endpoint) => {
    expect(declare(endpoint)).toThrow(DeclarationError);
    expect(declare(endpoint)).toThrow(/^upstream sample, endpoint things: /);
  });
});

test('GET reads and the others may not be repeated, unless they say otherwise', () => {
  expect(idempotencyOf(good)).toBe('safe');
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    expect(idempotencyOf({ ...good, method })).toBe('none');
    expect(idempotencyOf({ ...good, method, idempotency: 'safe' })).toBe('safe');
  }
  expect(idempotencyOf({ ...good, idempotency: 'none' })).toBe('none');
});
