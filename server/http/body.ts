import { HttpError } from './http-error.ts';
import type { BodyLimits, HttpRequest } from './request.ts';

/** What was not read of a body still comes, and would stand before the next request on the connection. */
const headers = { connection: 'close' };

/** @param isDrained whether what is left of the body is read and thrown away */
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
 * Reads a body up to a size that is counted while reading: what Content-Length says is the caller's word. What
 * is not read any more is cancelled.
 *
 * @returns undefined when there is none
 * @throws Refusal `payload_too_large` or `request_timeout`
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
  const overdue = Promise.withResolvers<never>();
  const timer = setTimeout(() => overdue.reject(bodyTooSlow()), deadline);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      const part = await Promise.race([reader.read(), overdue.promise]);
      if (part.done) return concatenate(chunks, size);
      size += part.value.byteLength;
      if (size > maxBytes) throw bodyTooLarge(maxBytes);
      chunks.push(part.value);
    }
  } catch (error) {
    // Not awaited: a stream that hangs may never confirm.
    void reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

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
