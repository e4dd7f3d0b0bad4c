import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json } from './raw-server.ts';
import { rawClientOf, rawUpstreamAt, startHttpServer } from './raw-support.ts';
import { clientOf } from './support.ts';

const megabyte = Buffer.alloc(1024 * 1024, 'x');

/** Creates a source of this many megabytes and records whether it was released. */
function source(megabytes: number) {
  const state = { given: 0, released: false };
  async function* give() {
    try {
      for (; state.given < megabytes; state.given += 1) yield megabyte;
    } finally {
      state.released = true;
    }
  }
  return { state, body: give() };
}

/** Responds with the number of received bytes. */
async function count(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  response.writeHead(200, json).end(String(bytes));
}

test('an upstream that does not read stops the source (backpressure) and gets all bytes later', async () => {
  const reading = Promise.withResolvers<void>();
  const url = await startHttpServer(async (request, response) => {
    await reading.promise;
    await count(request, response);
  });
  const { upload } = rawClientOf(url);
  const { state, body } = source(128);
  const stored = upload(body);
  let before = 0;
  const atRest = () => {
    const same = state.given > 0 && state.given === before;
    before = state.given;
    return same;
  };
  await expect.poll(atRest, { interval: 200, timeout: 10_000 }).toBe(true);
  // The bytes sent so far are in the socket buffers.
  expect(state.given).toBeLessThan(128 / 4);
  reading.resolve();
  expect(await text((await stored).body ?? Readable.from([]))).toBe(String(128 * megabyte.length));
  expect(state).toEqual({ given: 128, released: true });
});

test('the first part arrives before the second exists, and the response deadline starts after the last', async () => {
  const arrived = Promise.withResolvers<void>();
  const url = await startHttpServer((request, response) => {
    request.once('data', () => arrived.resolve());
    void count(request, response);
  });
  async function* slow() {
    yield megabyte;
    await arrived.promise;
    // Longer than the deadline of the response.
    await new Promise((resolve) => setTimeout(resolve, 700));
    yield megabyte;
  }
  const upstream = rawUpstreamAt(url);
  const response = await clientOf().stream(
    upstream,
    { ...upstream.endpoints.upload, deadline: 300 },
    {
      method: 'PUT',
      upload: { contentType: 'text/csv', length: undefined, body: slow() },
      signal: new AbortController().signal,
    },
  );
  expect(await text(response.body ?? Readable.from([]))).toBe(String(2 * megabyte.length));
});

test('a missing response fails at the deadline of its endpoint after the last part', async () => {
  const url = await startHttpServer((request) => void request.resume());
  const upstream = rawUpstreamAt(url);
  const startedAt = performance.now();
  const stored = clientOf().stream(
    upstream,
    { ...upstream.endpoints.upload, deadline: 300 },
    {
      method: 'PUT',
      upload: { contentType: 'text/csv', length: undefined, body: source(1).body },
      signal: new AbortController().signal,
    },
  );
  await expect(stored).rejects.toMatchObject({ fault: 'deadline' });
  expect(performance.now() - startedAt).toBeLessThan(limits.upstream.maxDeadline);
});

describe('an upload is never retried', () => {
  test.each<[string, RequestListener]>([
    ['a 500', (_, response) => response.writeHead(500, json).end('{}')],
    ['a 503 with Retry-After', (_, response) => response.writeHead(503, { 'retry-after': '0' }).end()],
    ['a reset', (request) => request.socket.resetAndDestroy()],
    [
      'another media type',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('x'),
    ],
  ])('after %s', async (_, listener) => {
    let requested = 0;
    const url = await startHttpServer((request, response) => {
      requested += 1;
      listener(request, response);
    });
    const { upload, streams } = rawClientOf(url);
    const { state, body } = source(64);
    await expect(upload(body)).rejects.toThrow();
    await expect.poll(() => state.released).toBe(true);
    expect(state.given).toBeLessThan(64);
    expect(streams()).toBe(0);
    expect(requested).toBe(1);
  });
});
