import { withTimeout } from '../lib/timeout.ts';
import { HttpError } from './http-error.ts';
import type { BodyLimits, HttpRequest } from './request.ts';

/** Closes the connection: the unread rest of the body would be parsed as the next request. */
const headers = { connection: 'close' };

/** @param options.isDrained whether the rest of the body is read and discarded, so that the connection can be kept */
export function bodyTooLarge(maxBytes: number, { isDrained = false } = {}): HttpError {
  return new HttpError('payload_too_large', {
    message: `The body is larger than ${maxBytes} bytes.`,
    ...(isDrained ? {} : { headers }),
  });
}

export function bodyTooSlow(): HttpError {
  return new HttpError('request_timeout', { headers });
}

/**
 * Reads a whole body. The size limit is enforced on the bytes received, because Content-Length cannot be trusted. The
 * rest of a body that exceeds a limit is cancelled.
 *
 * @returns undefined if the request has no body
 * @throws HttpError `payload_too_large` or `request_timeout`
 */
export function readBody(
  request: HttpRequest,
  limits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.readBody) return request.readBody(limits);
  return request.body ? readStream(request.body, limits) : Promise.resolve(undefined);
}

async function readStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { maxBytes, deadline }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  async function readAll(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for (;;) {
      const chunk = await reader.read();
      if (chunk.done) return concatenate(chunks, size);
      size += chunk.value.byteLength;
      if (size > maxBytes) throw bodyTooLarge(maxBytes);
      chunks.push(chunk.value);
    }
  }
  try {
    return await withTimeout(readAll(), deadline, () => {
      throw bodyTooSlow();
    });
  } catch (error) {
    // Not awaited: cancelling a stalled stream may never resolve.
    void reader.cancel().catch(() => {});
    throw error;
  }
}

/** @param size total length of the chunks in bytes */
export function concatenate(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  size: number,
): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (first?.byteLength === size) return first;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
