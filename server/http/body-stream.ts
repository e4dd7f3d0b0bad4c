import { withTimeout } from '../lib/timeout.ts';
import { HttpError } from './http-error.ts';

/** Closes the connection: the unread rest of the body would be parsed as the next request. */
const headers = { connection: 'close' };

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
      if (size > maxBytes) {
        throw new HttpError('payload_too_large', {
          message: `The body is larger than ${maxBytes} bytes.`,
          headers,
        });
      }
      count(chunk.value.byteLength);
      yield chunk.value;
    }
  } finally {
    // Not awaited: cancelling a stalled stream may never resolve.
    void reader.cancel().catch(() => {});
  }
}

function rejectSlow(): never {
  throw new HttpError('request_timeout', { headers });
}
