import type { IncomingMessage } from 'node:http';
import { limits } from '../config/limits.ts';
import { bodyTooLarge, bodyTooSlow, concatenate } from '../http/body.ts';
import type { BodyLimits } from '../http/request.ts';

/**
 * Reads a body as a whole, within limits; what is not read any more is left to whoever answers.
 *
 * @throws Refusal `payload_too_large` or `request_timeout`
 */
export function readIncoming(
  message: IncomingMessage,
  { maxBytes, deadline }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = announcedBytes(message);
  if (announced !== undefined && announced > maxBytes) {
    return Promise.reject(bodyTooLarge(maxBytes, { isDrained: announced <= limits.nodeServer.drainBytes }));
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    // What came with its head needs none: for most calls a timer would cost more than all their reading.
    process.nextTick(() => {
      if (isOver || message.complete) return;
      timer = setTimeout(() => end(() => reject(bodyTooSlow())), deadline);
    });

    function end(settle: () => void): void {
      isOver = true;
      clearTimeout(timer);
      message.off('data', take).off('end', complete).off('close', leave);
      settle();
    }
    function take(chunk: Buffer<ArrayBuffer>): void {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      message.pause();
      end(() => reject(bodyTooLarge(maxBytes)));
    }
    function complete(): void {
      end(() => resolve(concatenate(chunks, size)));
    }
    function leave(): void {
      end(() => reject(new Error('the client left')));
    }
    message.on('data', take).once('end', complete).once('close', leave);
    // It may have left before anyone began to read; then nothing more is told.
    if (message.destroyed && !message.readableEnded) leave();
  });
}

/** How long a request says that its body is, and Node's parser holds it to that; undefined where it does not say. */
export function announcedBytes({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** Read only as fast as it is taken; once nobody takes it any more, it is thrown away. */
export function streamOf(message: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let wanted = true;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        message.pause();
        message.on('data', (chunk: Buffer<ArrayBuffer>) => {
          if (!wanted) return;
          controller.enqueue(chunk);
          message.pause();
        });
        message.once('end', () => wanted && controller.close());
        message.once('close', () => {
          if (wanted && !message.complete) controller.error(new Error('the client left'));
        });
      },
      pull: () => void message.resume(),
      cancel() {
        wanted = false;
        message.resume();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Throws away what comes of a body, until it ends or becomes too much or too slow. */
export function linger(
  message: IncomingMessage,
  { lingerTime, lingerBytes }: { lingerTime: number; lingerBytes: number },
): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    // Whoever read before paused it after each chunk.
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
