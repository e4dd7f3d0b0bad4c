import { Readable } from 'node:stream';
import { UpstreamFailure } from './failure.ts';
import { toUpstreamFailure, type UpstreamResponse } from './http.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Returns the body of a response as a stream that is read at the pace of its consumer. Chunks are passed on by event
 * handlers and not by an async iterator, because a promise per chunk would cost as much as passing on the chunk.
 */
export function createDownloadStream(
  { body }: UpstreamResponse,
  options: {
    maxBytes: number;
    signal: AbortSignal;
    /** Runs while the consumer does not read: an unread body must not hold its connection forever. */
    stall: Watchdog;
    received: (bytes: number) => void;
    /** Called once, however the stream ends. */
    onEnd: () => void;
  },
): Readable {
  const { maxBytes, signal, stall, received, onEnd } = options;
  let bytes = 0;
  const fail = (cause: unknown) => stream.destroy(toUpstreamFailure(cause, signal, 'truncated'));
  const abort = () => fail(signal.reason);
  const stream = new Readable({
    // Buffers nothing here: the connection already buffers what arrives early.
    highWaterMark: 0,
    read() {
      stall.stop();
      body.resume();
    },
    destroy(error, done) {
      stall.stop();
      signal.removeEventListener('abort', abort);
      body
        .off('error', fail)
        .on('error', () => undefined)
        .destroy();
      onEnd();
      done(error);
    },
  });
  body.pause().on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      stream.destroy(new UpstreamFailure('too_large'));
      return;
    }
    received(chunk.byteLength);
    if (!stream.push(chunk)) body.pause();
    if (!stream.readableFlowing) stall.start();
  });
  body.once('end', () => stream.push(null));
  body.on('error', fail);
  // Without a listener, an error while no consumer is attached would be an uncaught exception.
  stream.on('error', () => undefined);
  signal.addEventListener('abort', abort, { once: true });
  stall.start();
  // The signal may have aborted before the listener was added.
  if (signal.aborted) abort();
  return stream;
}
