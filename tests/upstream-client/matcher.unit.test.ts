import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkUpstreams, defineUpstream } from '#server/upstream-client/declaration.ts';
import type { RawEndpoint } from '#server/upstream-client/endpoint.ts';
import { findRawEndpoints } from '#server/upstream-client/match.ts';
import { matchTemplate } from '#server/upstream-client/path-template.ts';

describe('matchTemplate', () => {
  test.each([
    ['/files/{name}', ['files', 'a'], { name: 'a' }],
    ['/item/{id}.json', ['item', '7.json'], { id: '7' }],
    ['/item/{id}.json', ['item', '.json'], undefined],
    ['/item/{id}.json', ['item', '7'], undefined],
    ['/item/{id}.json', ['item', '7.html'], undefined],
    ['/files/{name}', ['files'], undefined],
    ['/files/{name}', ['files', 'a', 'b'], undefined],
    ['/files/{name}', ['Files', 'a'], undefined],
    ['/{a}/x/{b}', ['1', 'x', '2'], { a: '1', b: '2' }],
    ['/{a}/x/{b}', ['1', 'X', '2'], undefined],
    ['/v{n}-{', ['v1-{'], undefined],
    ['things/{id}', ['1'], undefined],
    ['{id}', ['1'], undefined],
    ['/a{x}a', ['aa'], undefined],
    ['/a{x}a', ['aba'], { x: 'b' }],
    ['/aa{x}aa', ['aaa'], undefined],
    ['/aa{x}aa', ['aaaa'], undefined],
    ['/{x}', [''], undefined],
    ['/{x}', [], undefined],
    ['/a//b', ['a', '', 'b'], undefined],
    ['/a/../b', ['a', '..', 'b'], undefined],
    ['/files/{name}', ['files', '{name}'], { name: '{name}' }],
    ['/files/{name}', ['files', '%2e'], { name: '%2e' }],
  ])('matches %s against %j: %j', (template, segments, params) => {
    expect(matchTemplate(template, segments)).toEqual(params);
  });
});

describe('findRawEndpoints', () => {
  const common = { summary: 'Bytes', description: 'As they come.', example: {} } as const;
  const answer = { kind: 'raw', mediaTypes: ['text/csv'], fileName: 'x' } as const;
  const params = z.object({ id: z.string() });
  const get: RawEndpoint = { ...common, method: 'GET', template: '/x/{id}', params, answer };
  const put: RawEndpoint = {
    ...get,
    method: 'PUT',
    template: '/x/{name}',
    params: z.object({ name: z.string() }),
  };
  const csv: RawEndpoint = { ...get, method: 'DELETE', template: '/x/{id}.csv' };
  const call = { ...get, answer: { kind: 'json', schema: z.object({}) } } as const;
  const upstream = defineUpstream({
    name: 'raw',
    title: 'Raw',
    origin: () => undefined,
    endpoints: { call, get, put, csv },
  });
  checkUpstreams([upstream]);

  test.each([
    [
      ['x', '1'],
      ['GET', 'PUT'],
    ],
    [
      ['x', '1.csv'],
      ['GET', 'PUT', 'DELETE'],
    ],
    [
      ['x', '.csv'],
      ['GET', 'PUT'],
    ],
    [['x'], []],
    [['y', '1'], []],
    [['x', '1', ''], []],
    [[], []],
  ])('finds for %j the methods %j', (segments, methods) => {
    expect(findRawEndpoints(upstream, segments).map(({ endpoint }) => endpoint.method)).toEqual(methods);
  });

  test('returns each endpoint with its own path parameters', () => {
    expect(findRawEndpoints(upstream, ['x', '1.csv'])).toEqual([
      { endpoint: get, params: { id: '1.csv' } },
      { endpoint: put, params: { name: '1.csv' } },
      { endpoint: csv, params: { id: '1' } },
    ]);
  });
});
