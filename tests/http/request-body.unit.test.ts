import { describe, expect, test, vi } from 'vitest';
import { bodyTooLarge, readBody } from '#server/http/body.ts';
import { bodyStream } from '#server/http/body-stream.ts';
import type { HttpRequest } from '#server/http/request.ts';

const maxBytes = 10;

/** Creates a body of these chunks, which records whether the rest of it was cancelled. */
function bodyOf(...sizes: number[]) {
  const cancel = vi.fn();
  let next = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const size = sizes[next];
      if (size === undefined) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(next + 1));
      next += 1;
    },
    cancel,
  });
  return { stream, cancel };
}

/** A body that never arrives. */
function stalled(cancel: () => Promise<void> | void = () => undefined) {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => new Promise(() => undefined), cancel });
}

function requestWith(body: HttpRequest['body'], readOwn?: HttpRequest['readBody']): HttpRequest {
  const { method, url, headers, signal } = new Request('http://localhost/');
  return { method, url, headers, signal, body, ...(readOwn ? { readBody: readOwn } : {}) };
}

const read = (body: HttpRequest['body']) => readBody(requestWith(body), { maxBytes, deadline: 60_000 });

describe('a whole body', () => {
  test.each([
    [[10], [...Array(10).fill(1)]],
    [
      [3, 2],
      [1, 1, 1, 2, 2],
    ],
    [
      [4, 6],
      [...Array(4).fill(1), ...Array(6).fill(2)],
    ],
    [
      [0, 2],
      [2, 2],
    ],
    [
      [2, 0],
      [1, 1],
    ],
    [[], []],
  ])('of the chunks %j is read up to exactly the limit', async (sizes, bytes) => {
    const { stream, cancel } = bodyOf(...sizes);
    expect([...((await read(stream)) ?? [])]).toEqual(bytes);
    expect(cancel).not.toHaveBeenCalled();
  });

  test.each([[[11]], [[10, 1]], [[4, 4, 4]]])(
    'of the chunks %j is too large, and its rest is not read',
    async (sizes) => {
      const { stream, cancel } = bodyOf(...sizes, 1);
      await expect(read(stream)).rejects.toMatchObject({
        reason: 'payload_too_large',
        message: 'The body is larger than 10 bytes.',
        headers: { connection: 'close' },
      });
      expect(cancel).toHaveBeenCalledTimes(1);
    },
  );

  test('that does not arrive within the deadline is too slow, even if it cannot be cancelled', async () => {
    const cancel = vi.fn(() => new Promise<void>(() => undefined));
    const request = requestWith(stalled(cancel));
    await expect(readBody(request, { maxBytes, deadline: 1 })).rejects.toMatchObject({
      reason: 'request_timeout',
      headers: { connection: 'close' },
    });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('whose stream fails, also when it is cancelled, fails with the first error', async () => {
    const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: () => Promise.reject(new Error('aborted')),
    });
    await expect(read(failing)).rejects.toThrow('aborted');
  });

  test('is missing if the request has none', async () => {
    expect(await read(null)).toBeUndefined();
  });

  test('is read by the server itself if it can, within the same limits', async () => {
    const readOwn = vi.fn(async () => new Uint8Array([7]));
    const limits = { maxBytes, deadline: 5 };
    expect(await readBody(requestWith(bodyOf(1).stream, readOwn), limits)).toEqual(new Uint8Array([7]));
    expect(readOwn.mock.calls).toEqual([[limits]]);
  });
});

test('a body that is too large keeps the connection only if its rest is drained', () => {
  expect(bodyTooLarge(5).headers).toEqual({ connection: 'close' });
  expect(bodyTooLarge(5, { isDrained: true }).headers).toEqual({});
});

describe('a streamed body', () => {
  const pace = { window: 60_000, bytesPerSecond: 1 };

  async function readStream(body: ReadableStream<Uint8Array>, stall = 60_000) {
    const counted: number[] = [];
    const sizes: number[] = [];
    const options = { maxBytes, stall, pace, count: (bytes: number) => void counted.push(bytes) };
    const error = await (async () => {
      for await (const chunk of bodyStream(body, options)) sizes.push(chunk.byteLength);
    })().catch((thrown: unknown) => thrown);
    return { counted, sizes, error };
  }

  test('passes chunk by chunk up to exactly the limit, and each is counted', async () => {
    const { counted, sizes, error } = await readStream(bodyOf(4, 6).stream);
    expect(error).toBeUndefined();
    expect(sizes).toEqual([4, 6]);
    expect(counted).toEqual([4, 6]);
  });

  test('of one byte more ends with an error, and its last chunk is neither passed nor counted', async () => {
    const { stream, cancel } = bodyOf(4, 7, 1);
    const { counted, sizes, error } = await readStream(stream);
    expect(error).toMatchObject({
      reason: 'payload_too_large',
      message: 'The body is larger than 10 bytes.',
      headers: { connection: 'close' },
    });
    expect([sizes, counted]).toEqual([[4], [4]]);
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('without a byte for too long ends with an error', async () => {
    const cancel = vi.fn();
    const { error } = await readStream(stalled(cancel), 1);
    expect(error).toMatchObject({ reason: 'request_timeout', headers: { connection: 'close' } });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('that the upstream stops reading is cancelled', async () => {
    const { stream, cancel } = bodyOf(1, 1, 1);
    const options = { maxBytes, stall: 60_000, pace, count: () => undefined };
    for await (const chunk of bodyStream(stream, options)) if (chunk.byteLength === 1) break;
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('whose stream fails when it is cancelled is no unhandled error', async () => {
    const { error } = await readStream(
      stalled(() => Promise.reject(new Error('gone'))),
      1,
    );
    expect(error).toMatchObject({ reason: 'request_timeout' });
    await new Promise(setImmediate);
  });
});
