import { finished, Readable } from 'node:stream';
import { limits } from '../config/limits.ts';
import { registerStream } from './open-streams.ts';

const { unsentBytes, slowReaderDeadline, pingInterval, lifetime, rightsInterval } = limits.live;

/** The body of a response that goes on for minutes. */
export type StreamBody = {
  body: Readable;
  /** Aborts when the stream has ended, for whatever reason. */
  signal: AbortSignal;
  send(text: string): void;
  /**
   * Resolves once the client has read enough for more to be sent. A client that does not within
   * `limits.live.slowReaderDeadline` is cut off.
   */
  ready(): Promise<void>;
  /** Ends the stream. */
  end(): void;
  /** Sends pings, and ends the stream after its lifetime or once the caller may no longer have it. */
  keepAlive(mayGoOn: () => Promise<boolean>): void;
  /** Resolves to the number of sent bytes when the stream has ended. */
  closed: Promise<number>;
};

/** @param requestSignal aborts when the client has gone */
export function createStreamBody(requestSignal: AbortSignal): StreamBody {
  const ended = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  let drained: PromiseWithResolvers<void> | undefined;
  let cut: NodeJS.Timeout | undefined;
  let bytes = 0;

  function onRead(): void {
    clearTimeout(cut);
    cut = undefined;
    drained?.resolve();
    drained = undefined;
  }
  const body = new Readable({ read: onRead, highWaterMark: unsentBytes });
  const abandon = () => void body.destroy();

  function send(text: string): void {
    if (ended.signal.aborted) return;
    bytes += Buffer.byteLength(text);
    body.push(text);
  }
  async function ready(): Promise<void> {
    if (ended.signal.aborted || body.readableLength < unsentBytes) return;
    drained ??= Promise.withResolvers();
    cut ??= setTimeout(abandon, slowReaderDeadline);
    await drained.promise;
  }
  function end(): void {
    if (ended.signal.aborted) return;
    body.push(null);
    ended.abort();
    // A client that reads no more would otherwise hold the stream until its connection is gone.
    cut ??= setTimeout(abandon, slowReaderDeadline);
  }

  const unregister = registerStream(end);
  requestSignal.addEventListener('abort', abandon, { once: true });
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  finished(body, () => {
    ended.abort();
    onRead();
    unregister();
    requestSignal.removeEventListener('abort', abandon);
    for (const timer of timers) clearInterval(timer);
    resolve(bytes);
  });
  return {
    body,
    signal: ended.signal,
    send,
    ready,
    end,
    keepAlive(mayGoOn) {
      const check = () => void mayGoOn().then((may) => may || end());
      const ping = () => {
        if (body.readableLength < unsentBytes) send('event: ping\ndata:\n\n');
      };
      timers.push(
        setInterval(ping, pingInterval),
        setTimeout(end, randomBetween(lifetime)),
        setInterval(check, rightsInterval),
      );
    },
    closed,
  };
}

export function randomBetween({ min, max }: { min: number; max: number }): number {
  return Math.round(min + Math.random() * (max - min));
}
