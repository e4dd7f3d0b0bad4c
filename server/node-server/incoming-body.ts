import type { IncomingMessage } from 'node:http';
import { limits } from '../config/limits.ts';
import { bodyTooLarge, bodyTooSlow, concatenate } from '../http/body.ts';
import type { BodyLimits } from '../http/request.ts';
import { sendContinue } from './expect-continue.ts';

/**
 * Reads a whole body within limits. After a rejection the rest of the body stays unread; `respond` discards it.
 *
 * @throws HttpError `payload_too_large` or `request_timeout`
 */
export function readIncomingBody(
  message: IncomingMessage,
  bodyLimits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes } = bodyLimits;
  const length = declaredLength(message);
  if (length !== undefined && length > maxBytes) {
    return Promise.reject(bodyTooLarge(maxBytes, { isDrained: length <= limits.nodeServer.drainBytes }));
  }
  sendContinue(message);
  return new Promise((resolve) => {
    // A body that arrived together with the head is complete in the next tick, as in most calls. Listeners and a timer
    // would take longer than reading it.
    process.nextTick(() => {
      const isBuffered = message.complete && !message.destroyed;
      resolve(isBuffered ? readBuffered(message, maxBytes) : readArriving(message, bodyLimits));
    });
  });
}

/** Reads a body that Node has received completely. From Node 26 on, `read` returns only the next of its parts. */
async function readBuffered(message: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer<ArrayBuffer>[] = [];
  let size = 0;
  for (let chunk: Buffer<ArrayBuffer> | null = message.read(); chunk; chunk = message.read()) {
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  if (size > maxBytes) throw bodyTooLarge(maxBytes);
  return concatenate(chunks, size);
}

function readArriving(
  message: IncomingMessage,
  { maxBytes, deadline }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    const timer = setTimeout(() => settle(() => reject(bodyTooSlow())), deadline);

    function settle(resolveOrReject: () => void): void {
      clearTimeout(timer);
      message.off('data', onData).off('end', onEnd).off('close', onClose);
      resolveOrReject();
    }
    function onData(chunk: Buffer<ArrayBuffer>): void {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      message.pause();
      settle(() => reject(bodyTooLarge(maxBytes)));
    }
    function onEnd(): void {
      settle(() => resolve(concatenate(chunks, size)));
    }
    function onClose(): void {
      settle(() => reject(new Error('the client disconnected')));
    }
    message.on('data', onData).once('end', onEnd).once('close', onClose);
    // If the client disconnected before this call, no further event is emitted.
    if (message.destroyed && !message.readableEnded) onClose();
  });
}

/** Returns the Content-Length of a request, which Node's parser enforces, or undefined for a chunked body. */
export function declaredLength({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** Converts the body to a web stream with backpressure. After the stream is cancelled, the rest is discarded. */
export function bodyStreamOf(message: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isCancelled = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        message.pause();
        message.on('data', (chunk: Buffer<ArrayBuffer>) => {
          if (isCancelled) return;
          controller.enqueue(chunk);
          message.pause();
        });
        message.once('end', () => {
          if (!isCancelled) controller.close();
        });
        message.once('close', () => {
          if (!isCancelled && !message.complete) controller.error(new Error('the client disconnected'));
        });
      },
      pull() {
        sendContinue(message);
        message.resume();
      },
      cancel() {
        isCancelled = true;
        message.resume();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads and discards the rest of a body, until it ends or exceeds the time or size limit. */
export function linger(
  message: IncomingMessage,
  { lingerTime, lingerBytes }: { lingerTime: number; lingerBytes: number },
): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    // A previous reader would pause the message after each chunk.
    message.removeAllListeners('data');
    const timer = setTimeout(resolve, lingerTime);
    message.once('close', resolve);
    message.once('end', resolve);
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > lingerBytes) resolve();
    });
    message.resume();
    message.once('close', () => clearTimeout(timer));
  });
}
