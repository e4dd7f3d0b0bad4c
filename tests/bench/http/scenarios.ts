import type { Call } from '../support/load.ts';
import { batchOfTen, json, mutation, query, trpcPost } from './calls.ts';
import type { Contender, ContenderId } from './contenders.ts';

export type Scenario = {
  name: string;
  group: 'rpc' | 'text' | 'refused';
  /** What it is called with, or nothing when it has no such thing. */
  callOf: (id: ContenderId, contender: Contender) => Call | undefined;
  /** What must stand in the answer's body. */
  says: string;
};

const product =
  (call: Call) =>
  (_: ContenderId, { isProduct }: Contender) =>
    isProduct ? call : undefined;
const andPlain =
  (call: Call) =>
  (id: ContenderId, { isProduct }: Contender) =>
    isProduct || id === 'a' ? call : undefined;
const everyTrpc =
  (call: Call) =>
  (id: ContenderId, { speaks }: Contender) =>
    speaks === 'trpc' && !['a', 'g', 'h'].includes(id) ? call : undefined;

const echo = mutation.trpc;
const get = (path: string, headers: Record<string, string> = {}): Call => ({
  method: 'GET',
  path,
  headers,
  status: 200,
});

export const scenarios: readonly Scenario[] = [
  { name: 'mutation', group: 'rpc', callOf: (_, { speaks }) => mutation[speaks], says: '"world"' },
  { name: 'query', group: 'rpc', callOf: (_, { speaks }) => query[speaks], says: 'receivedAt' },
  {
    name: 'batch of ten',
    group: 'rpc',
    callOf: (_, { speaks }) => batchOfTen[speaks],
    says: '}},{"',
  },
  {
    name: 'cached weather',
    group: 'rpc',
    callOf: product(trpcPost('weather.forecast', { lat: 52.52, lng: 13.41 })),
    says: '"timezone":"Europe/Berlin"',
  },
  { name: '/rss.xml', group: 'text', callOf: andPlain(get('/rss.xml')), says: '' },
  {
    name: '/rss.xml 304',
    group: 'text',
    // Whatever the tag is: `*` is any.
    callOf: andPlain({ ...get('/rss.xml', { 'if-none-match': '*' }), status: 304 }),
    says: '',
  },
  { name: '/llms.txt', group: 'text', callOf: andPlain(get('/llms.txt')), says: '' },
  {
    name: '404 unknown procedure',
    group: 'refused',
    callOf: everyTrpc(trpcPost('echo.nothing', {}, 404)),
    says: 'NOT_FOUND',
  },
  {
    name: '405 GET of a mutation',
    group: 'refused',
    callOf: everyTrpc({ ...get('/api/trpc/echo.body'), status: 405 }),
    says: 'METHOD_NOT_SUPPORTED',
  },
  {
    name: '413 body of 65 KB',
    group: 'refused',
    callOf: product(trpcPost('echo.body', 'x'.repeat(66_000), 413)),
    says: 'payload_too_large',
  },
  {
    name: '415 plain text',
    group: 'refused',
    callOf: everyTrpc({ ...echo, headers: { ...json, 'content-type': 'text/plain' }, status: 415 }),
    says: 'UNSUPPORTED_MEDIA_TYPE',
  },
  {
    name: '403 foreign origin',
    group: 'refused',
    callOf: product({ ...echo, headers: { ...json, origin: 'https://elsewhere.example' }, status: 403 }),
    says: 'cross_origin',
  },
  {
    name: '401 without a key',
    group: 'refused',
    callOf: product(trpcPost('mail.list', {}, 401)),
    says: 'unauthorized',
  },
  {
    name: '429 over the limit',
    group: 'refused',
    callOf: product(trpcPost('email.send', { email: 'a@example.org', contents: 'Hello' }, 429)),
    says: 'rate_limited',
  },
  {
    name: '400 bad input',
    group: 'refused',
    callOf: product(trpcPost('weather.forecast', { lat: 999, lng: 13.41 }, 400)),
    says: 'invalid_input',
  },
];
