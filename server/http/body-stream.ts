import { HttpError } from './http-error.ts';

/** What was not read of a body still comes, and would stand before the next request on the connection. */
const headers = { connection: 'close' };

/**
 * A body as it arrives, counted: what Content-Length says is the caller's word.
 *
 * @param options.stall milliseconds that may pass without a byte
 * @throws Refusal `payload_too_large` or `request_timeout`, while it is read
 */
export async function* bodyStream(
  body: ReadableStream<Uint8Array>,
  { maxBytes, stall, count }: { maxBytes: number; stall: number; count: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  try {
    for (;;) {
      const part = await within(stall, reader.read());
      if (part.done) return;
      size += part.value.byteLength;
      if (size > maxBytes) {
        throw new HttpError('payload_too_large', {
          message: `The body is larger than ${maxBytes} bytes.`,
          headers,
        });
      }
      count(part.value.byteLength);
      yield part.value;
    }
  } finally {
    // Not awaited: a stream that hangs may never confirm.
    void reader.cancel().catch(() => {});
  }
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(() => overdue.reject(new HttpError('request_timeout', { headers })), milliseconds);
  try {
    return await Promise.race([promise, overdue.promise]);
  } finally {
    clearTimeout(timer);
  }
}
