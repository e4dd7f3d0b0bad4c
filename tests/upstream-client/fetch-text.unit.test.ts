import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { TextRequest } from '#server/upstream-client/exchange.ts';
import { inSequence, respondWith, type Script, startRawServer } from './raw-server.ts';
import { clientOf, upstreamFailureOf } from './support.ts';

const plain = { 'content-type': 'text/plain' };
const bounds = { deadline: 10_000, maxBytes: 10 };
const respondOk = respondWith('200 OK', plain, 'text');

/** Sends a request to a server with this behaviour. */
async function fetchFrom(script: Script, request: Partial<TextRequest> = {}, path = '') {
  const { url, heads } = await startRawServer(script);
  const given = { method: 'GET', headers: {}, ...request, url: `${url}${path}` } as const;
  return { response: clientOf().fetchText('provider', given, bounds), heads };
}

test('a request has the method, path, headers and body that the protocol gives', async () => {
  const request = { method: 'POST', headers: { accept: 'text/plain', 'x-own': 'a' }, body: 'a=1' } as const;
  const { response, heads } = await fetchFrom(respondOk, request, '/token?b=%20');
  await response;
  expect(heads[0]).toMatch(/^POST \/token\?b=%20 HTTP\/1\.1\r\n/);
  for (const header of ['accept: text/plain', 'x-own: a', 'content-length: 3', 'user-agent: typed-bff']) {
    expect(heads[0]).toContain(`\r\n${header}`);
  }
});

test('a request without a body has no length', async () => {
  const { response, heads } = await fetchFrom(respondOk);
  await response;
  expect(heads[0]).not.toContain('content-length');
});

test('a response has its status, its text, and the first value of each header', async () => {
  const { response } = await fetchFrom((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nx-own: a\r\nx-own: b\r\ncontent-length: 4\r\n\r\ntext'),
  );
  expect(await response).toEqual({
    status: 200,
    headers: { 'x-own': 'a', 'content-length': '4' },
    text: 'text',
  });
});

test.each([400, 401, 404, 499])('the status %i is a response', async (status) => {
  const { response } = await fetchFrom(respondWith(`${status} No`, plain, 'no'));
  expect(await response).toMatchObject({ status, text: 'no' });
});

test('the text of a 4xx is decompressed, too', async () => {
  const script = respondWith('400 No', { ...plain, 'content-encoding': 'gzip' }, gzipSync('no'));
  const { response } = await fetchFrom(script);
  expect(await response).toMatchObject({ status: 400, text: 'no' });
});

test.each([
  [429, 'throttled'],
  [500, 'server_error'],
  [503, 'unavailable'],
])('the status %i is the failure %s', async (status, fault) => {
  const { response } = await fetchFrom(respondWith(`${status} No`, plain, 'no'), { method: 'POST' });
  expect((await upstreamFailureOf(response)).fault).toBe(fault);
});

test('a body that is longer than the caller allows is a failure', async () => {
  const { response } = await fetchFrom(respondWith('200 OK', plain, 'a'.repeat(bounds.maxBytes + 1)));
  expect((await upstreamFailureOf(response)).fault).toBe('too_large');
});

test.each([
  ['GET', 2],
  ['POST', 1],
] as const)('a %s that fails is sent %i times', async (method, times) => {
  const { response, heads } = await fetchFrom(inSequence(respondWith('500 No', plain), respondOk), {
    method,
  });
  await response.catch(() => undefined);
  expect(heads).toHaveLength(times);
});
