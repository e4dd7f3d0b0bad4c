import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDownloadStream } from '#server/upstream-client/download-stream.ts';
import { readText, send } from '#server/upstream-client/http.ts';
import { UploadStream } from '#server/upstream-client/upload-stream.ts';
import { Watchdog } from '#server/upstream-client/watchdog.ts';
import { respondWith, startRawServer } from './raw-server.ts';
import { bytesType } from './raw-support.ts';

const limit = 1_000;

describe('with timers that are faked', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  describe('a watchdog', () => {
    test('aborts as a timeout when its time has passed', () => {
      const abort = new AbortController();
      new Watchdog(limit, abort).start();
      vi.advanceTimersByTime(limit - 1);
      expect(abort.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(abort.signal.reason).toMatchObject({ name: 'TimeoutError' });
    });

    test('does not abort after it was stopped', () => {
      const abort = new AbortController();
      const watchdog = new Watchdog(limit, abort);
      watchdog.start();
      watchdog.stop();
      vi.advanceTimersByTime(limit);
      expect(abort.signal.aborted).toBe(false);
    });

    test('that is started again begins anew, and has one timer', () => {
      const abort = new AbortController();
      const watchdog = new Watchdog(limit, abort);
      watchdog.start();
      vi.advanceTimersByTime(limit - 1);
      watchdog.start();
      vi.advanceTimersByTime(limit - 1);
      expect(abort.signal.aborted).toBe(false);
      watchdog.stop();
      vi.advanceTimersByTime(limit);
      expect(abort.signal.aborted).toBe(false);
    });
  });

  describe('an upload', () => {
    /** Starts an upload of two chunks. The second one comes when `more` is called. */
    function start() {
      const abort = new AbortController();
      const gate = Promise.withResolvers<void>();
      async function* chunks() {
        yield Buffer.from('one');
        await gate.promise;
        yield Buffer.from('three');
      }
      const sent: number[] = [];
      const upload = new UploadStream(chunks(), {
        stall: new Watchdog(limit, abort),
        sent: (bytes) => sent.push(bytes),
      });
      return { abort, more: gate.resolve, sent, upload };
    }

    test('is aborted if the upstream does not accept a chunk in time', async () => {
      const abort = new AbortController();
      async function* chunks() {
        for (;;) yield Buffer.alloc(64 * 1024);
      }
      const sent: number[] = [];
      const { readable } = new UploadStream(chunks(), {
        stall: new Watchdog(limit, abort),
        sent: (bytes) => sent.push(bytes),
      });
      await once(readable, 'readable');
      vi.advanceTimersByTime(limit - 1);
      expect(abort.signal.aborted).toBe(false);
      readable.read();
      await nextTurn();
      expect(sent).toEqual([64 * 1024]);
      vi.advanceTimersByTime(limit - 1);
      expect(abort.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(abort.signal.reason).toMatchObject({ name: 'TimeoutError' });
      readable.destroy();
    });

    test('is not aborted while the caller sends nothing', async () => {
      const { abort, more, sent, upload } = start();
      const received = text(upload.readable);
      await nextTurn();
      vi.advanceTimersByTime(2 * limit);
      expect(abort.signal.aborted).toBe(false);
      expect(sent).toEqual([3]);
      more();
      expect(await received).toBe('onethree');
      expect(sent).toEqual([3, 5]);
      vi.advanceTimersByTime(2 * limit);
      expect(abort.signal.aborted).toBe(false);
    });
  });
});

describe('the error of an upload', () => {
  const stall = () => new Watchdog(limit, new AbortController());

  test('is that of the source', async () => {
    const error = new Error('of the caller');
    async function* failing() {
      yield Buffer.from('one');
      throw error;
    }
    const upload = new UploadStream(failing(), { stall: stall(), sent: () => undefined });
    await expect(text(upload.readable)).rejects.toBe(error);
    expect(upload.error).toBe(error);
  });

  test('is not that of the connection', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(64 * 1024);
    }
    const upload = new UploadStream(endless(), { stall: stall(), sent: () => undefined });
    await once(upload.readable, 'readable');
    upload.readable.destroy(new Error('of the connection'));
    await once(upload.readable, 'error');
    await nextTurn();
    expect(upload.error).toBeUndefined();
  });
});

test('a download whose signal has aborted before it is created ends at once', async () => {
  const { url } = await startRawServer(respondWith('200 OK', bytesType, 'bytes'));
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const request = { method: 'GET', origin: url, path: '/', headers: {} } as const;
  const response = await send(agent, request, new AbortController().signal);
  let ended = 0;
  const abort = new AbortController();
  const stream = createDownloadStream(response, {
    maxBytes: 10,
    signal: AbortSignal.abort(),
    stall: new Watchdog(limit, abort),
    received: () => undefined,
    onEnd: () => {
      ended += 1;
    },
  });
  await expect(text(stream)).rejects.toMatchObject({ fault: 'cancelled' });
  expect(ended).toBe(1);
  expect(abort.signal.aborted).toBe(false);
});

test('a response of which no more bytes arrive fails after its stall timeout', async () => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 10\r\n\r\nhello`;
  const { url } = await startRawServer((socket) => socket.write(head));
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const request = { method: 'GET', origin: url, path: '/', headers: {}, stallTimeout: 100 } as const;
  const { signal } = new AbortController();
  const reading = readText(await send(agent, request, signal), 10, signal);
  await expect(reading).rejects.toMatchObject({ fault: 'deadline' });
});
