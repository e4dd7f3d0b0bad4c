import type { Call } from '../support/load.ts';
import { batchOfTen, json, mutation, query, trpcPost } from './calls.ts';
import type { Contender, ContenderId } from './contenders.ts';

export type Scenario = {
  name: string;
  group: 'rpc' | 'text' | 'rejected';
  /** The request to a contender; undefined if the contender does not support the scenario. */
  callOf: (id: ContenderId, contender: Contender) => Call | undefined;
  /** Text that the response body must contain. */
  expected: string;
};

const productOnly =
  (call: Call) =>
  (_: ContenderId, { isProduct }: Contender) =>
    isProduct ? call : undefined;
const productAndPlain =
  (call: Call) =>
  (id: ContenderId, { isProduct }: Contender) =>
    isProduct || id === 'a' ? call : undefined;
const everyTrpc =
  (call: Call) =>
  (id: ContenderId, { protocol }: Contender) =>
    protocol === 'trpc' && !['a', 'g', 'h'].includes(id) ? call : undefined;

const echo = mutation.trpc;
const get = (path: string, headers: Record<string, string> = {}): Call => ({
  method: 'GET',
  path,
  headers,
  status: 200,
});

export const scenarios: readonly Scenario[] = [
  { name: 'mutation', group: 'rpc', callOf: (_, { protocol }) => mutation[protocol], expected: '"world"' },
  { name: 'query', group: 'rpc', callOf: (_, { protocol }) => query[protocol], expected: 'receivedAt' },
  {
    name: 'batch of ten',
    group: 'rpc',
    callOf: (_, { protocol }) => batchOfTen[protocol],
    expected: '}},{"',
  },
  {
    name: 'cached reading',
    group: 'rpc',
    callOf: productOnly(trpcPost('fixture.reading', { lat: 52.52, lng: 13.41 })),
    expected: '"hourly":[',
  },
  { name: '/rss.xml', group: 'text', callOf: productAndPlain(get('/rss.xml')), expected: '' },
  {
    name: '/rss.xml 304',
    group: 'text',
    // `*` matches any entity tag.
    callOf: productAndPlain({ ...get('/rss.xml', { 'if-none-match': '*' }), status: 304 }),
    expected: '',
  },
  { name: '/llms.txt', group: 'text', callOf: productAndPlain(get('/llms.txt')), expected: '' },
  {
    name: '404 unknown procedure',
    group: 'rejected',
    callOf: everyTrpc(trpcPost('fixture.nothing', {}, 404)),
    expected: 'NOT_FOUND',
  },
  {
    name: '405 GET of a mutation',
    group: 'rejected',
    callOf: everyTrpc({ ...get('/api/trpc/fixture.body'), status: 405 }),
    expected: 'METHOD_NOT_SUPPORTED',
  },
  {
    name: '413 body of 65 KB',
    group: 'rejected',
    callOf: productOnly(trpcPost('fixture.body', 'x'.repeat(66_000), 413)),
    expected: 'payload_too_large',
  },
  {
    name: '415 plain text',
    group: 'rejected',
    callOf: everyTrpc({ ...echo, headers: { ...json, 'content-type': 'text/plain' }, status: 415 }),
    expected: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: '403 foreign origin',
    group: 'rejected',
    callOf: productOnly({ ...echo, headers: { ...json, origin: 'https://elsewhere.example' }, status: 403 }),
    expected: 'cross_origin',
  },
  {
    name: '401 without a key',
    group: 'rejected',
    callOf: productOnly(trpcPost('mail.list', {}, 401)),
    expected: 'unauthorized',
  },
  {
    name: '429 over the limit',
    group: 'rejected',
    callOf: productOnly(trpcPost('email.send', { email: 'a@example.org', contents: 'Hello' }, 429)),
    expected: 'rate_limited',
  },
  {
    name: '400 bad input',
    group: 'rejected',
    callOf: productOnly(trpcPost('fixture.reading', { lat: 999, lng: 13.41 }, 400)),
    expected: 'invalid_input',
  },
];
