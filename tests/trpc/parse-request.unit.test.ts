import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { checkResponse } from '#tests/http/support/check-response.ts';
import { withServices } from '#tests/http/support/in-process.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

async function send(path: string, init: RequestInit = {}) {
  const response = await callTrpc(new Request(`http://localhost:3000/api/trpc${path}`, init));
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const foreign = { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' };

/** tRPC strips slashes from both ends of the path. The checks must see the same procedure as tRPC. */
test.each(['//fixture.body', '/fixture.body/', '//fixture.body/'])(
  'a mutation cannot be called cross-origin as %s',
  async (path) => {
    const response = await send(path, { method: 'POST', headers: foreign, body: '{"json":1}' });
    checkResponse(response, { mayCallUpstream: false });
    expect([403, 404]).toContain(response.status);
  },
);

test.each(['//proxy.endpoints', '/proxy.endpoints/', '//proxy.endpoints/'])(
  'a sensitive query cannot be called by GET as %s',
  async (path) => {
    const response = await send(path);
    checkResponse(response, { mayCallUpstream: false });
    expect([404, 405]).toContain(response.status);
  },
);

test.each([
  { title: 'trpc-accept', headers: { 'trpc-accept': 'application/jsonl' } },
  { title: 'accept', headers: { accept: 'text/html, application/jsonl' } },
])('a batch that requests a stream by $title gets JSON lines', async ({ headers }) => {
  const response = await send('/fixture.request,nothing.here?batch=1', { headers });
  checkResponse(response, { mayCallUpstream: false });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/jsonl');
  expect(response.text.trim().split('\n')).toHaveLength(3);
});

test.each([
  {
    title: 'trpc-accept for JSON',
    query: '?batch=1',
    headers: { 'trpc-accept': 'application/json', accept: 'application/jsonl' },
  },
  { title: 'accept for a similar type', query: '?batch=1', headers: { accept: 'application/jsonlines' } },
  {
    title: 'a request for a stream without a batch',
    query: '',
    headers: { 'trpc-accept': 'application/jsonl' },
  },
])('$title gets JSON', async ({ query, headers }) => {
  const response = await send(`/fixture.request${query}`, { headers });
  checkResponse(response, { mayCallUpstream: false });
  expect([JSON.parse(response.text)].flat()).toMatchObject([{ result: {} }]);
});

test.each(['%7B', '%7B%22a%22%3A%22b%22%7D', ''])('connection parameters are rejected: %j', async (value) => {
  const response = await send(`/fixture.request?connectionParams=${value}`);
  expect(response.status).toBe(400);
  expect(response.text).toContain('Connection parameters are not supported.');
  checkResponse(response, { mayCallUpstream: false });
});

test.each([
  { more: 0, status: 200 },
  { more: 1, status: 414 },
])('a query of the limit and $more bytes gets a $status', async ({ more, status }) => {
  const response = await send(`/fixture.request?${'q'.repeat(limits.queryBytes + more)}`);
  expect(response.status).toBe(status);
});

test.each([
  { encoding: 'identity', status: 200 },
  { encoding: 'Identity', status: 200 },
  { encoding: 'gzip', status: 415 },
  { encoding: 'identity, gzip', status: 415 },
])('a body with Content-Encoding: $encoding gets a $status', async ({ encoding, status }) => {
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
  const response = await send('/fixture.body', { method: 'POST', headers, body: '{"json":1}' });
  expect(response.status).toBe(status);
});
