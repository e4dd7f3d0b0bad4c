import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bodyStream } from '#server/http/body-stream.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

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

describe('by the clock', () => {
  fakeClocks();

  /** Creates a body whose chunks arrive after these pauses, in milliseconds. */
  function arriving(...chunks: [pause: number, size: number][]): ReadableStream<Uint8Array> {
    const left = [...chunks];
    return new ReadableStream(
      {
        pull(controller) {
          const [pause, size] = left.shift() ?? [0, 0];
          advance(pause);
          if (size === 0) controller.close();
          else controller.enqueue(new Uint8Array(size));
        },
      },
      { highWaterMark: 0 },
    );
  }

  test.each<[string, [number, number][], number]>([
    ['exactly the minimum in a window', [[200, 200]], 200],
    ['less, before a window is over', [[199, 1]], 1],
    [
      'little at first and enough in the whole window',
      [
        [100, 1],
        [100, 199],
      ],
      200,
    ],
    [
      'enough in a window and little at the begin of the next one',
      [
        [200, 200],
        [199, 1],
      ],
      201,
    ],
  ])('a sender of %s is accepted', async (_, chunks, bytes) => {
    expect(await read(arriving(...chunks))).toBe(bytes);
  });

  test.each<[string, [number, number][]]>([
    ['one byte less than the minimum in a window', [[200, 199]]],
    [
      'more than enough in a window and too little in the next one',
      [
        [200, 900],
        [200, 199],
      ],
    ],
  ])('a sender of %s gets a request timeout', async (_, chunks) => {
    await expect(read(arriving(...chunks))).rejects.toMatchObject({ reason: 'request_timeout' });
  });
});
