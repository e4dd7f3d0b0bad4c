import EventEmitter, { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawClientOf, readAll, smallBytes } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

const announced = (length: number) => ({ ...bytesType, 'content-length': String(length) });
const chunked = { ...bytesType, 'transfer-encoding': 'chunked' };

test('bytes arrive unchanged, with their length and type', async () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  const { url, heads } = await startRawServer(respondWith('200 OK', { ...bytesType, etag: '"1"' }, bytes));
  const { download, client } = rawClientOf(url);
  const response = await download();
  const { status, contentType, length, headers } = response;
  expect({ status, contentType, length, headers }).toEqual({
    status: 200,
    contentType: 'application/octet-stream',
    length: 100_000,
    headers: { etag: '"1"' },
  });
  expect(await readAll(response)).toEqual({ bytes, ended: 'whole' });
  expect(heads[0]).toMatch(/^accept-encoding: identity$/im);
  expect(client.status()[0]?.bytesReceived).toBe(100_000);
});

test('a consumer that does not read stops the upstream (backpressure) and gets all bytes later', async () => {
  const total = 128 * 1024 * 1024;
  const part = Buffer.alloc(64 * 1024);
  let sent = 0;
  const { url } = await startRawServer((socket) => {
    socket.write(wire('200 OK', announced(total)));
    const pour = () => {
      while (sent < total) {
        sent += part.length;
        if (!socket.write(part)) {
          socket.once('drain', pour);
          return;
        }
      }
    };
    pour();
  });
  const { body } = await rawClientOf(url).download();
  let before = -1;
  const atRest = () => {
    const same = sent === before;
    before = sent;
    return same;
  };
  await expect.poll(atRest, { interval: 200, timeout: 10_000 }).toBe(true);
  expect(sent).toBeLessThan(total / 4);
  let received = 0;
  for await (const chunk of body ?? []) received += chunk.byteLength;
  expect(received).toBe(total);
});

describe('the connection to the upstream is closed', () => {
  async function begun() {
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      socket.write(wire('200 OK', announced(1_000), 'begun'));
    });
    return { ...rawClientOf(url), closed: closed.promise };
  }

  test.each(['before the first byte is read', 'after its first bytes'])(
    'when the consumer cancels %s',
    async (when) => {
      const { download, closed } = await begun();
      const { body } = await download();
      if (when === 'after its first bytes') {
        const [chunk] = await once(body ?? new EventEmitter(), 'data');
        expect(String(chunk)).toBe('begun');
      }
      body?.destroy();
      await closed;
    },
  );

  test('when the caller aborts, and the body ends with an error', async () => {
    const { download, closed } = await begun();
    const abort = new AbortController();
    const reading = readAll(await download({ signal: abort.signal }));
    abort.abort();
    await closed;
    expect((await reading).ended).toBe('cancelled');
  });

  test('when the caller aborts before the head of the response', async () => {
    const received = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      received.resolve();
    });
    const abort = new AbortController();
    const failing = upstreamFailureOf(rawClientOf(url).download({ signal: abort.signal }));
    await received.promise;
    abort.abort();
    expect((await failing).fault).toBe('cancelled');
    await closed.promise;
  });
});

describe('a truncated body never ends like a complete one:', () => {
  const cuts: [string, Script][] = [
    ['shorter than its Content-Length', (socket) => socket.end(wire('200 OK', announced(10), 'hello'))],
    ['without the last chunk', (socket) => socket.end(wire('200 OK', chunked, '5\r\nhello\r\n'))],
    ['in the middle of a chunk', (socket) => socket.end(wire('200 OK', chunked, '5\r\nhello\r\n9\r\nwor'))],
    [
      'by a reset',
      (socket) => socket.write(wire('200 OK', announced(10), 'hello'), () => socket.resetAndDestroy()),
    ],
  ];
  test.each(cuts)('%s', async (_, script) => {
    const { url } = await startRawServer(script);
    const { bytes, ended } = await readAll(await rawClientOf(url).download());
    expect(ended).toBe('truncated');
    expect('hellowor'.startsWith(bytes.toString())).toBe(true);
  });

  test('with invalid chunks', async () => {
    const { url } = await startRawServer((socket) => socket.write(wire('200 OK', chunked, 'nonsense\r\n')));
    const failed = await rawClientOf(url).download().then(readAll);
    expect(failed).toEqual({ bytes: Buffer.alloc(0), ended: 'protocol' });
  });
});

describe('a body larger than the limit', () => {
  test('is rejected if its Content-Length says so, and aborted otherwise', async () => {
    const large = Buffer.alloc(smallBytes + 1);
    const known = await startRawServer(respondWith('200 OK', bytesType, large));
    expect((await upstreamFailureOf(rawClientOf(known.url).small())).fault).toBe('too_large');

    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      socket.write(wire('200 OK', chunked, '3e8\r\n'));
      socket.write(Buffer.concat([large.subarray(0, smallBytes), Buffer.from('\r\n1\r\nx\r\n')]));
    });
    const { bytes, ended } = await readAll(await rawClientOf(url).small());
    expect(ended).toBe('too_large');
    expect(bytes.length).toBeLessThanOrEqual(smallBytes);
    await closed.promise;
  });

  test('does not include one of exactly the limit', async () => {
    const { url } = await startRawServer(respondWith('200 OK', bytesType, Buffer.alloc(smallBytes)));
    expect((await readAll(await rawClientOf(url).small())).bytes).toHaveLength(smallBytes);
  });
});

test('a response tells how many bytes have been received', async () => {
  const { url } = await startRawServer(respondWith('200 OK', bytesType, 'hello'));
  const response = await rawClientOf(url).download();
  expect(response.received()).toBe(0);
  await readAll(response);
  expect(response.received()).toBe(5);
});

test('a body that takes longer than the time limit of a stream is aborted', async () => {
  const limit = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(limit.signal);
  onTestFinished(() => timeout.mockRestore());
  const { url } = await startRawServer((socket) => socket.write(wire('200 OK', announced(10), 'hello')));
  const reading = readAll(await rawClientOf(url).download());
  expect(timeout).toHaveBeenCalledWith(limits.raw.deadline);
  limit.abort(new DOMException('too late', 'TimeoutError'));
  expect(await reading).toMatchObject({ ended: 'deadline' });
});
