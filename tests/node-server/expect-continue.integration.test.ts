import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withServices } from '#tests/http/support/in-process.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';

withServices();

let started: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  started = await startTestServer(async (request, response) => {
    response.end(await text(request));
  });
});
afterAll(() => started.server.stop());

type Head = {
  method?: string;
  path: string;
  type?: string;
  length: number;
  host?: string;
  origin?: string;
};

/** Sends a head that expects 100 Continue, then the body if it gets one, and returns what the server sent. */
async function send(head: Head) {
  const { method = 'POST', path, type = 'application/json', length, host = 'localhost', origin } = head;
  const { hostname, port } = new URL(started.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    [
      `${method} ${path} HTTP/1.1`,
      `host: ${host}`,
      `content-type: ${type}`,
      `content-length: ${length}`,
      'expect: 100-continue',
      ...(origin === undefined ? [] : [`origin: ${origin}`]),
      'connection: close',
      '\r\n',
    ].join('\r\n'),
  );
  let received = '';
  let isSent = false;
  socket.on('data', (chunk) => {
    received += String(chunk);
    if (isSent || !received.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) return;
    isSent = true;
    socket.write(`"${'x'.repeat(length - 2)}"`);
  });
  await once(socket, 'close');
  return received.match(/HTTP\/1\.1 \d+/g);
}

test.concurrent.each<[string, number, Head]>([
  ['of the wrong type', 415, { path: '/api/trpc/fixture.body', type: 'text/plain', length: 100 }],
  ['that is too large', 413, { path: '/api/trpc/fixture.body', length: 3_221_225_472 }],
  ['for a procedure that does not exist', 404, { path: '/api/trpcs', length: 100 }],
  ['for another host', 403, { path: '/api/trpc/fixture.body', length: 100, host: 'evil.example' }],
  ['for a procedure that no router has', 404, { path: '/api/trpc/nope', length: 100 }],
  ['for a procedure without the key that it needs', 401, { path: '/api/trpc/mail.get', length: 100 }],
  ['for a form of another site', 403, { path: '/contact/send', length: 100, origin: 'https://evil.example' }],
  ['for a page', 405, { path: '/posts', length: 100 }],
  ['for a form that is too large', 413, { path: '/contact/send', length: 1_000_000 }],
  ['for a file that does not exist', 404, { method: 'PUT', path: '/api/raw/none/a', length: 3_221_225_472 }],
  ['with a malformed path', 400, { path: '/api/%zz', length: 100 }],
])('a body %s gets a %d without 100 Continue', async (_, status, head) => {
  expect(await send(head)).toEqual([`HTTP/1.1 ${status}`]);
});

test.concurrent.each<[string, number, Head]>([
  ['of a call', 400, { path: '/api/trpc/fixture.body', length: 100 }],
  ['of a form', 200, { path: '/contact/send', length: 100 }],
  ['of a message of the Model Context Protocol', 400, { path: '/mcp', length: 100 }],
])('the body %s is read after 100 Continue', async (_, status, head) => {
  expect(await send(head)).toEqual(['HTTP/1.1 100', `HTTP/1.1 ${status}`]);
});
