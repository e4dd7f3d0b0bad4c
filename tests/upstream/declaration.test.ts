import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineUpstream, type Endpoint, isRead } from '#server/upstream/declaration.ts';
import { proxiedUpstreams } from '#server/upstreams/index.ts';

const good: Endpoint = {
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
      baseUrl: () => 'http://localhost',
      endpoints: { things: endpoint },
    });
}

const params = z.object({ id: z.string() });
const cache = { freshFor: 1, staleIfErrorFor: 1 };

describe('sound declarations pass', () => {
  const sound: [string, Endpoint][] = [
    ['plain', good],
    ['with a segment', { ...good, template: '/things/{id}', params }],
    ['GET with a cache', { ...good, cache }],
    ['POST that reads, with a cache', { ...good, method: 'POST', reads: true, cache }],
    ['POST with a body', { ...good, method: 'POST', body: z.object({}) }],
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
    ['a cache for a GET that does not only read', { ...good, reads: false, cache }],
    ['a segment that the params do not hold', { ...good, template: '/things/{other}', params }],
    [
      'one of two segments that the params do not hold',
      { ...good, template: '/things/{id}/{other}', params },
    ],
    ['params that no segment takes', { ...good, template: '/things', params }],
  ];
  test.each(mistakes)('%s', (_, endpoint) => {
    expect(declare(endpoint)).toThrow(/upstream sample, endpoint things/);
  });
});

test('GET reads and the others write, unless they say otherwise', () => {
  expect(isRead(good)).toBe(true);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    expect(isRead({ ...good, method })).toBe(false);
    expect(isRead({ ...good, method, reads: true })).toBe(true);
  }
  expect(isRead({ ...good, reads: false })).toBe(false);
});

describe('what the product declares', () => {
  const endpoints = Object.values(proxiedUpstreams).flatMap((upstream) =>
    Object.entries<Endpoint>(upstream.endpoints).map(
      ([name, endpoint]) => [`${upstream.name}.${name}`, endpoint] as const,
    ),
  );

  test('there is something', () => {
    expect(endpoints.length).toBeGreaterThan(0);
  });

  test.each(endpoints)('%s: its example is an input that it takes', (_, endpoint) => {
    const example: { params?: unknown; query?: unknown; body?: unknown } = z
      .object({ params: z.unknown(), query: z.unknown(), body: z.unknown() })
      .partial()
      .strict()
      .parse(endpoint.example);
    for (const part of ['params', 'query', 'body'] as const) {
      const schema = endpoint[part];
      if (schema) expect(schema.safeParse(example[part])).toMatchObject({ success: true });
      else expect(example[part]).toBeUndefined();
    }
  });

  test.each(Object.entries(proxiedUpstreams))('%s is called by its own name', (key, upstream) => {
    expect(upstream.name).toBe(key);
  });
});
