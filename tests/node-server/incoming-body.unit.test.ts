import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { bodyStreamOf, declaredLength, linger, readIncomingBody } from '#server/node-server/incoming-body.ts';

const deadline = 10_000;
const chunked = { 'transfer-encoding': 'chunked' };
const bytes = (length: number) => ({ 'content-length': String(length) });

/** A request as Node's parser hands it over, without its body. */
function request(headers: IncomingHttpHeaders = chunked): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { method: 'POST', headers });
}

/** Ends the body, as the parser does after the last byte. */
function end(message: IncomingMessage): void {
  message.complete = true;
  message.push(null);
}

/** Reads a body of these parts. They arrive with the head, or after the reading has begun. */
function read(
  parts: string[],
  { maxBytes = 10, late = false, headers = chunked as IncomingHttpHeaders } = {},
) {
  const message = request(headers);
  const arrive = () => {
    for (const part of parts) message.push(part);
    end(message);
  };
  if (!late) arrive();
  const body = readIncomingBody(message, { maxBytes, deadline });
  if (late) setTimeout(arrive, 5);
  return body.then((read) => Buffer.from(read).toString());
}

test.each([
  [{}, 0],
  [bytes(7), 7],
  [chunked, undefined],
  [{ ...chunked, ...bytes(7) }, undefined],
])('the declared length of %j is %s', (headers, expected) => {
  expect(declaredLength(request(headers))).toBe(expected);
});

describe.each([
  { title: 'that arrived with its head', late: false },
  { title: 'that arrives later', late: true },
])('a body $title', ({ late }) => {
  test('is read as a whole', async () => {
    expect(await read(['one ', 'two'], { late })).toBe('one two');
    expect(await read([], { late })).toBe('');
  });

  test('of exactly the limit is read', async () => {
    expect(await read(['12345', '67890'], { late })).toBe('1234567890');
    expect(await read(['1234567890'], { late, headers: bytes(10) })).toBe('1234567890');
  });

  test('of one byte more is rejected, and its connection is closed', async () => {
    await expect(read(['12345', '678901'], { late })).rejects.toMatchObject({
      reason: 'payload_too_large',
      message: 'The body is larger than 10 bytes.',
      headers: { connection: 'close' },
    });
  });
});

describe('a body that declares its length', () => {
  const { drainBytes } = limits.nodeServer;
  test.each([
    { length: 11, closes: false },
    { length: drainBytes, closes: false },
    { length: drainBytes + 1, closes: true },
  ])(
    'of $length bytes is rejected by its head; the connection is closed: $closes',
    async ({ length, closes }) => {
      const rejected = readIncomingBody(request(bytes(length)), { maxBytes: 10, deadline });
      const error: unknown = await rejected.catch((cause: unknown) => cause);
      expect(error).toMatchObject({ reason: 'payload_too_large' });
      if (closes) expect(error).toMatchObject({ headers: { connection: 'close' } });
      else expect(error).not.toMatchObject({ headers: { connection: 'close' } });
    },
  );
});

describe('reading a body', () => {
  test('that does not arrive in time fails, and leaves nothing behind', async () => {
    const message = request();
    message.push('begun');
    await expect(readIncomingBody(message, { maxBytes: 10, deadline: 20 })).rejects.toMatchObject({
      reason: 'request_timeout',
      headers: { connection: 'close' },
    });
    expect(['data', 'end', 'close'].map((event) => message.listenerCount(event))).toEqual([0, 0, 0]);
  });

  test('stops at the limit, so that the rest stays unread', async () => {
    const message = request();
    const reading = readIncomingBody(message, { maxBytes: 10, deadline });
    await delay(5);
    message.push('12345678901');
    await expect(reading).rejects.toMatchObject({ reason: 'payload_too_large' });
    expect(message.isPaused()).toBe(true);
    expect(message.listenerCount('data')).toBe(0);
  });

  test('fails when the client disconnects, before or while it is read', async () => {
    const reading = request();
    const body = readIncomingBody(reading, { maxBytes: 10, deadline });
    await delay(5);
    reading.destroy();
    await expect(body).rejects.toThrow('the client disconnected');

    const gone = request();
    gone.destroy();
    await delay(5);
    await expect(readIncomingBody(gone, { maxBytes: 10, deadline })).rejects.toThrow(
      'the client disconnected',
    );
    const cut = request();
    cut.push('12345');
    end(cut);
    cut.destroy();
    await expect(readIncomingBody(cut, { maxBytes: 10, deadline })).rejects.toThrow(
      'the client disconnected',
    );
  });
});

describe('the stream of a body', () => {
  test('reads a chunk only when it is asked for one', async () => {
    const message = request();
    const reader = bodyStreamOf(message).getReader();
    message.push('one');
    message.push('two');
    await delay(5);
    expect(message.isPaused()).toBe(true);
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toBe('one');
    await delay(5);
    expect(message.isPaused()).toBe(true);
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('two');
    end(message);
    expect((await reader.read()).done).toBe(true);
  });

  test('fails when the client disconnects before the end', async () => {
    const message = request();
    const reader = bodyStreamOf(message).getReader();
    const reading = reader.read();
    message.destroy();
    await expect(reading).rejects.toThrow('the client disconnected');
  });

  test('that is cancelled discards the rest', async () => {
    const message = request();
    await bodyStreamOf(message).cancel();
    message.push('one');
    message.push('two');
    end(message);
    await expect.poll(() => message.readableEnded).toBe(true);
    message.destroy();
    await expect.poll(() => message.closed).toBe(true);
  });
});

describe('the rest of a rejected body is read until', () => {
  const hour = 60 * 60_000;

  test('it ends', async () => {
    const message = request();
    const reading = linger(message, { lingerTime: hour, lingerBytes: 10 });
    message.push('1234567890');
    end(message);
    await reading;
    message.destroy();
  });

  test('the client disconnects', async () => {
    const message = request();
    const reading = linger(message, { lingerTime: hour, lingerBytes: 10 });
    message.destroy();
    await reading;
  });

  test('the time is over', async () => {
    const message = request();
    await linger(message, { lingerTime: 20, lingerBytes: 10 });
    message.destroy();
  });

  test('it exceeds the limit, but not at the limit', async () => {
    const message = request();
    let isOver = false;
    const reading = linger(message, { lingerTime: hour, lingerBytes: 10 }).then(() => {
      isOver = true;
    });
    message.push('1234567890');
    await delay(20);
    expect(isOver).toBe(false);
    message.push('1');
    await reading;
    message.destroy();
  });

  test('it ends, also after a reader that has paused it', async () => {
    const message = request();
    message.on('data', () => message.pause());
    message.push('1234');
    await delay(5);
    const reading = linger(message, { lingerTime: hour, lingerBytes: 10 });
    message.push('1234');
    end(message);
    await reading;
    message.destroy();
  });
});
