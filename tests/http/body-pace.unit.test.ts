import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bodyStream } from '#server/http/body-stream.ts';

const options = {
  maxBytes: 1e6,
  stall: 1_000,
  pace: { window: 200, bytesPerSecond: 1_000 },
  count: () => undefined,
};

/** Creates a body of chunks, each of which arrives after a pause. */
function bodyOf(
  chunks: number,
  { size, pause }: { size: number; pause: number },
): ReadableStream<Uint8Array> {
  let left = chunks;
  return new ReadableStream({
    async pull(controller) {
      await delay(pause);
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(size));
      left -= 1;
    },
  });
}

async function read(body: ReadableStream<Uint8Array>, pauseOfReader = 0): Promise<number> {
  let bytes = 0;
  for await (const chunk of bodyStream(body, options)) {
    bytes += chunk.byteLength;
    if (pauseOfReader > 0) await delay(pauseOfReader);
  }
  return bytes;
}

test('a sender that never pauses for long but sends too little gets a request timeout', async () => {
  await expect(read(bodyOf(1_000, { size: 1, pause: 20 }))).rejects.toMatchObject({
    reason: 'request_timeout',
  });
});

test('a sender at the minimum pace is accepted', async () => {
  expect(await read(bodyOf(20, { size: 100, pause: 20 }))).toBe(2_000);
});

test('time in which the upstream does not accept more does not count', async () => {
  expect(await read(bodyOf(10, { size: 30, pause: 0 }), 100)).toBe(300);
});
