import { withTimeout } from '../lib/timeout.ts';
import { HttpError } from './http-error.ts';

/** Closes the connection: the unread rest of the body would be parsed as the next request. */
const headers = { connection: 'close' };

/**
 * Yields the chunks of a body and enforces its size limit on the bytes received, because Content-Length cannot be
 * trusted.
 *
 * @param options.stall maximum time between two chunks, in milliseconds
 * @param options.count called with the size of each chunk
 * @throws HttpError `payload_too_large` or `request_timeout` while the body is read
 */
export async function* bodyStream(
  body: ReadableStream<Uint8Array>,
  { maxBytes, stall, count }: { maxBytes: number; stall: number; count: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  try {
    for (;;) {
      const chunk = await withTimeout(reader.read(), stall, () => {
        throw new HttpError('request_timeout', { headers });
      });
      if (chunk.done) return;
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
