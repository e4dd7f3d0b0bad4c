import type { IncomingHttpHeaders } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { json, startRawServer, wire } from './raw-server.ts';
import { rawClientOf, readAll, startHttpServer } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

/** Starts a server that reads uploads completely and records them. */
async function startStore() {
  const came: { headers: IncomingHttpHeaders; bytes: Buffer; complete: boolean }[] = [];
  const url = await startHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    request.on('error', () => undefined);
    request.on('close', () => {
      came.push({ headers: request.headers, bytes: Buffer.concat(parts), complete: request.complete });
    });
    request.on('end', () => response.writeHead(200, json).end('{"stored":true}'));
  });
  return { url, came };
}

/** Creates a source that yields the parts and records whether it was released. */
function sourceOf(parts: Iterable<Uint8Array>, failure?: Error) {
  const source = { released: false, body: read() };
  async function* read() {
    try {
      for (const part of parts) {
        await nextTurn();
        yield part;
      }
      if (failure) throw failure;
    } finally {
      source.released = true;
    }
  }
  return source;
}

const part = Buffer.from('0123456789'.repeat(10_000));
const parts = Array.from({ length: 10 }, () => part);
function* endless() {
  for (;;) yield part;
}

describe('an upload', () => {
  test('is forwarded with its length and type', async () => {
    const { url, came } = await startStore();
    const { upload, streams, client } = rawClientOf(url);
    const response = await upload(sourceOf(parts).body, { length: 1_000_000 });
    expect(response).toMatchObject({ status: 200, contentType: 'application/json' });
    expect((await readAll(response)).bytes.toString()).toBe('{"stored":true}');
    await expect.poll(() => came).toHaveLength(1);
    expect(came[0]?.headers).toMatchObject({ 'content-length': '1000000', 'content-type': 'text/csv' });
    expect(came[0]?.bytes.equals(Buffer.concat(parts))).toBe(true);
    expect(client.status()[0]?.bytesSent).toBe(1_000_000);
    expect(streams()).toBe(0);
  });

  test('of unknown length is sent with chunked encoding', async () => {
    const { url, came } = await startStore();
    await readAll(await rawClientOf(url).upload(sourceOf(parts).body));
    await expect.poll(() => came).toHaveLength(1);
    expect(came[0]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(came[0]?.headers).not.toHaveProperty('content-length');
    expect(came[0]?.bytes.equals(Buffer.concat(parts))).toBe(true);
  });

  test('without bytes is sent with length 0', async () => {
    const { url, came } = await startStore();
    expect((await rawClientOf(url).upload(sourceOf([]).body, { length: 0 })).status).toBe(200);
    await expect.poll(() => came).toMatchObject([{ headers: { 'content-length': '0' }, complete: true }]);
  });
});

describe('a failure of the source', () => {
  test.each([
    ['an AppError', new AppError('payload_too_large')],
    ['another error', new Error('unforeseen')],
  ])('with %s reaches the caller, and the upload stays incomplete', async (_, failure) => {
    const { url, came } = await startStore();
    const { upload, streams } = rawClientOf(url);
    await expect(upload(sourceOf(parts, failure).body)).rejects.toBe(failure);
    expect(streams()).toBe(0);
    await expect.poll(() => came.map(({ complete }) => complete)).toEqual([false]);
  });

  test('before the first byte reaches the caller', async () => {
    const { url, came } = await startStore();
    const { upload, streams } = rawClientOf(url);
    const failure = new AppError('request_timeout');
    await expect(upload(sourceOf([], failure).body)).rejects.toBe(failure);
    expect(streams()).toBe(0);
    await readAll(await upload(sourceOf([part]).body));
    await expect.poll(() => came.filter(({ complete }) => complete)).toHaveLength(1);
  });

  test('does not count as a failure of the upstream', async () => {
    const { url } = await startStore();
    const { upload, client } = rawClientOf(url);
    const failure = new AppError('payload_too_large');
    for (let count = 0; count < 2 * limits.upstream.breaker.minimumAttempts; count += 1) {
      await expect(upload(sourceOf([part], failure).body)).rejects.toBe(failure);
    }
    expect(client.status()[0]?.breaker).toBe('closed');
    expect((await upload(sourceOf([part]).body)).status).toBe(200);
  });
});

test('an upstream that rejects an upload early ends it', async () => {
  const { url } = await startRawServer((socket) => socket.write(wire('413 Too large', json, '{}')));
  const { upload, streams } = rawClientOf(url);
  const source = sourceOf(endless());
  expect(await upstreamFailureOf(upload(source.body))).toMatchObject({
    fault: 'client_error',
    reason: 'upstream_refused',
  });
  await expect.poll(() => source.released).toBe(true);
  expect(streams()).toBe(0);
});

test('a caller that disconnects ends the upload', async () => {
  const received = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const url = await startHttpServer((request) => {
    request.on('close', () => closed.resolve()).on('error', () => undefined);
    request.once('data', () => received.resolve());
    request.resume();
  });
  const { upload, streams } = rawClientOf(url);
  const abort = new AbortController();
  const source = sourceOf(endless());
  const failing = upstreamFailureOf(upload(source.body, { signal: abort.signal }));
  await received.promise;
  abort.abort();
  expect((await failing).fault).toBe('cancelled');
  await closed.promise;
  await expect.poll(() => source.released).toBe(true);
  expect(streams()).toBe(0);
});

test('a reset after the whole upload was sent is a failure of the upstream', async () => {
  const url = await startHttpServer((request) => {
    request.on('error', () => undefined).resume();
    request.on('end', () => request.socket.resetAndDestroy());
  });
  const { upload, client } = rawClientOf(url);
  expect((await upstreamFailureOf(upload(sourceOf([part]).body))).fault).toBe('reset');
  expect(client.status()).toMatchObject([{ calls: 1, failures: 1, lastFailure: { fault: 'reset' } }]);
});

test('a failure of the source is no call to the upstream', async () => {
  const { url } = await startStore();
  const { upload, client } = rawClientOf(url);
  await expect(upload(sourceOf([part], new AppError('payload_too_large')).body)).rejects.toThrow();
  expect(client.status()).toMatchObject([{ calls: 0, failures: 0 }]);
});
