import { withTimeout } from '../lib/timeout.ts';
import { bodyTooLarge, bodyTooSlow } from './body.ts';

type BodyStreamOptions = {
  maxBytes: number;
  stall: number;
  pace: { window: number; bytesPerSecond: number };
  count(bytes: number): void;
};

/**
 * Yields the chunks of a body and enforces its size limit on the bytes received, because Content-Length cannot be
 * trusted.
 *
 * @param options.stall maximum time between two chunks, in milliseconds
 * @param options.pace minimum average pace over a window, in which only the time counts that is spent waiting for the
 * sender
 * @param options.count called with the size of each chunk
 * @throws HttpError `payload_too_large` or `request_timeout` while the body is read
 */
export async function* bodyStream(
  body: ReadableStream<Uint8Array>,
  { maxBytes, stall, pace: { window, bytesPerSecond }, count }: BodyStreamOptions,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  let waited = 0;
  let sizeOfWindow = 0;
  try {
    for (;;) {
      const startedAt = performance.now();
      const chunk = await withTimeout(reader.read(), stall, rejectSlow);
      if (chunk.done) return;
      waited += performance.now() - startedAt;
      sizeOfWindow += chunk.value.byteLength;
      if (waited >= window) {
        if (sizeOfWindow < (bytesPerSecond * waited) / 1_000) rejectSlow();
        waited = 0;
        sizeOfWindow = 0;
      }
      size += chunk.value.byteLength;
      if (size > maxBytes) throw bodyTooLarge(maxBytes);
      count(chunk.value.byteLength);
      yield chunk.value;
    }
  } finally {
    // Not awaited: cancelling a stalled stream may never resolve.
    void reader.cancel().catch(() => {});
  }
}

function rejectSlow(): never {
  throw bodyTooSlow();
}
