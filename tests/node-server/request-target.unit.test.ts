import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalizeTarget } from '#server/node-server/request-target.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';
import { readError } from '#tests/support/call.ts';

withServices();

function normalized(url: string, ...hosts: string[]) {
  const [host] = hosts;
  const rawHeaders = hosts.flatMap((value) => ['HOST', value]);
  const request = {
    url,
    headers: host === undefined ? {} : { host },
    rawHeaders: ['x', 'host', ...rawHeaders],
  };
  normalizeTarget(request);
  return { url: request.url, host: request.headers.host };
}

test.each([
  ['/a?b', { url: '/a?b', host: 'site.example' }],
  ['http://other.example:8080/a?b=http://c/', { url: '/a?b=http://c/', host: 'other.example:8080' }],
  ['HTTPS://[::1]:3000', { url: '/', host: '[::1]:3000' }],
  ['http://other.example?a/b', { url: '/?a/b', host: 'other.example' }],
])('%s', (url, expected) => {
  expect(normalized(url, 'site.example')).toEqual(expected);
});

test.each([
  'a',
  '*',
  '',
  '?a',
  'http:/a',
  'http:///a',
  'http://user@a/',
  'http://a#b',
  'http://a b/',
  'http://a\\b/',
  'ftp://a/',
  'a:80',
])('the target %j is rejected', (url) => {
  expect(() => normalized(url, 'site.example')).toThrow();
});

test.each([
  '',
  'a',
  'a.example.',
  'A_b-c:80',
  '127.0.0.1:',
  '[2001:db8::1]:443',
  '%41',
  'xn--bcher-kva.example',
])('the host %j is valid', (host) => {
  expect(normalized('/', host).host).toBe(host);
});

test.each([
  'a b',
  'a, b',
  'a/b',
  'user@a',
  'a?b',
  'a#b',
  'a\\b',
  '[::1',
  '::1',
  'a:b',
  'a:80:80',
  'b\u00fccher',
  '%zz',
  '<a>',
])('the host %j is rejected', (host) => {
  expect(() => normalized('/', host)).toThrow();
});

test('a request without a Host header is accepted, as in HTTP/1.0, and one with two is rejected', () => {
  expect(normalized('/a')).toEqual({ url: '/a', host: undefined });
  expect(() => normalized('/a', 'site.example', 'site.example')).toThrow();
});

let started: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  started = await startTestServer(async (_, response) => void response.end());
});
afterAll(() => started.server.stop());

async function send(requestLine: string, ...hosts: string[]) {
  const lines = [`${requestLine} HTTP/1.1`, ...hosts.map((host) => `host: ${host}`), 'connection: close'];
  const { responses } = await sendBytes(started.url, `${lines.join('\r\n')}\r\n\r\n`);
  expect(responses).toHaveLength(1);
  return responses[0];
}

const path = '/api/trpc/fixture.request';

test.each([
  ['GET /healthz', ['localhost', 'localhost']],
  [`GET http://localhost${path}`, ['localhost', 'localhost']],
  ['GET /healthz', ['a/b']],
  [`GET http://user@localhost${path}`, ['localhost']],
  ['GET ftp://localhost/', ['localhost']],
  ['GET *', ['localhost']],
])('%s with the hosts %j gets the error response with status 400', async (requestLine, hosts) => {
  const response = await send(requestLine, ...hosts);
  expect(response?.status).toBe(400);
  expect(readError(JSON.parse(response?.text ?? '')).data.reason).toBe('invalid_input');
});

test('an absolute target of this site is served, and replaces the Host', async () => {
  const response = await send(`GET http://localhost${path}`, 'evil.example');
  expect(response?.status).toBe(200);
  expect(response?.text).toContain(`"pathname":"${path}"`);
});

test('an absolute target of another host is rejected, also with the Host of this site', async () => {
  const response = await send(`GET http://evil.example${path}`, 'localhost');
  expect(response?.status).toBe(403);
  expect(readError(JSON.parse(response?.text ?? '')).data.reason).toBe('host_not_allowed');
});

test('OPTIONS * gets the methods of the server', async () => {
  const response = await send('OPTIONS *', 'localhost');
  expect([response?.status, response?.text]).toEqual([204, '']);
  expect(response?.headers.get('allow')).toContain('GET, HEAD, POST');
});

test('CONNECT gets a 405', async () => {
  const response = await send('CONNECT localhost:80', 'localhost:80');
  expect([response?.status, response?.text]).toEqual([405, '']);
});
