import { Readable } from 'node:stream';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import type { RawEndpoint, Upstream } from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';
import { asFailure, discard, one, send, type UpstreamResponse } from './http.ts';
import { buildPath, type EndpointCall, headersOf, passedHeaders } from './request.ts';
import { acceptedTypes, checkMediaType, passedResponseHeaders, rejectFailure } from './response.ts';
import { inTrySpan } from './trace.ts';
import type { UpstreamPool } from './upstream-pool.ts';

export type RawCall = Pick<EndpointCall, 'params' | 'query' | 'header'> & {
  /** As the endpoint has it, or HEAD for GET. */
  method: RawEndpoint['method'] | 'HEAD';
  upload?: {
    contentType: string;
    /** As the caller announces it; undefined when it does not know. */
    length: number | undefined;
    /** Ends with an AppError that tells what is wrong with it. */
    body: AsyncIterable<Uint8Array>;
  };
  signal: AbortSignal;
};

export type RawAnswer = {
  status: number;
  contentType: string | undefined;
  /** In bytes, where the upstream says so. */
  length: number | undefined;
  headers: Record<string, string>;
  /** Undefined where the answer has none. An error of it means that the rest is not to come. */
  body: Readable | undefined;
  /** Bytes of the body that came so far. */
  received: () => number;
};

const { stall, deadline: streamDeadline } = limits.raw;

/** Starts a stream; the promise resolves once the head of the answer is there. */
export function streamRaw(options: {
  connection: UpstreamPool;
  upstream: Upstream;
  endpoint: RawEndpoint;
  origin: string;
  env: Env;
  call: RawCall;
  transferred: (direction: 'received' | 'sent', bytes: number) => void;
}): Promise<RawAnswer> {
  const { connection, upstream, endpoint, origin, env, call, transferred } = options;
  const { upload } = call;
  const maxBytes = endpoint.answer.maxBytes ?? limits.raw.bytes;
  const passed = passedHeaders(endpoint, call.header);
  const request = {
    method: call.method,
    origin,
    path: buildPath(endpoint, call),
    headers: headersOf(upstream, endpoint, env, {
      accept: acceptedTypes(endpoint).join(', '),
      // Bytes are passed on as they are, so they must be what they say.
      'accept-encoding': 'identity',
      ...passed,
      ...(upload ? { 'content-type': upload.contentType } : {}),
      ...(upload?.length === undefined ? {} : { 'content-length': String(upload.length) }),
    }),
    stallTimeout: stall,
  };

  return connection.stream(async ({ plain }, release) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(streamDeadline), stop.signal]);
    const patience = new Watchdog(endpoint.deadline ?? limits.upstream.deadline, stop);
    const sending = upload && new Sending(upload.body, stop, (bytes) => transferred('sent', bytes));
    const due = () => patience.start();
    let answer: UpstreamResponse;
    try {
      // With an upload the answer is due once the last byte was sent.
      if (sending) sending.stream.once('end', due);
      else patience.start();
      answer = await inTrySpan({ upstream, endpoint }, { ...request, retries: 0 }, async (ofTrace, span) => {
        const headers = { ...request.headers, ...ofTrace };
        const body = sending ? { body: sending.stream } : {};
        const head = await send(plain, { ...request, headers, ...body }, signal);
        span?.set({ 'http.response.status_code': head.status });
        if (head.status >= 400) span?.fail(String(head.status));
        return head;
      });
    } catch (error) {
      throw sending?.error ?? error;
    } finally {
      sending?.stream.off('end', due);
      patience.stop();
    }
    try {
      checkHead(answer);
    } catch (error) {
      discard(answer);
      throw error;
    }
    const isEmpty = call.method === 'HEAD' || answer.status === 204 || answer.status === 304;
    if (isEmpty) {
      discard(answer);
      release();
    }
    let bytes = 0;
    return {
      status: answer.status,
      contentType: contentTypeOf(answer),
      length: lengthOf(answer),
      headers: passedResponseHeaders(endpoint, answer.headers),
      body: isEmpty
        ? undefined
        : receive(answer, {
            maxBytes,
            signal,
            unread: new Watchdog(stall, stop),
            received(chunkBytes) {
              bytes += chunkBytes;
              transferred('received', chunkBytes);
            },
            ended: release,
          }),
      received: () => bytes,
    };
  });

  /** @throws UpstreamFailure */
  function checkHead(answer: UpstreamResponse): void {
    rejectFailure(answer, { mayBeMissing: endpoint.mayBeMissing ?? false, answered: answersTo(passed) });
    if (answer.status === 204 || answer.status === 304) return;
    // Of a range that cannot be had there is only the length to tell.
    if (answer.status !== 416) checkMediaType(endpoint, answer);
    if (one(answer.headers['content-encoding']) !== undefined) throw new UpstreamFailure('media_type');
    if ((lengthOf(answer) ?? 0) > maxBytes) throw new UpstreamFailure('too_large');
  }
}

/** Statuses beside 2xx that answer what was asked by these headers. */
function answersTo(passed: Record<string, string>): number[] {
  return [
    ...('range' in passed ? [206, 416] : []),
    ...('if-none-match' in passed || 'if-modified-since' in passed ? [304] : []),
    ...('if-match' in passed || 'if-unmodified-since' in passed ? [412] : []),
  ];
}

/** Made anew: parameters other than the charset are nobody's business. */
function contentTypeOf({ mediaType, charset }: UpstreamResponse): string | undefined {
  if (mediaType === '') return undefined;
  return charset === undefined || !/^[\w-]+$/.test(charset) ? mediaType : `${mediaType}; charset=${charset}`;
}

function lengthOf(answer: UpstreamResponse): number | undefined {
  const length = one(answer.headers['content-length']);
  return length === undefined ? undefined : Number(length);
}

/** Ends a stream on which nothing has happened for too long. */
class Watchdog {
  readonly #milliseconds: number;
  readonly #stop: AbortController;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, stop: AbortController) {
    this.#milliseconds = milliseconds;
    this.#stop = stop;
  }

  start(): void {
    this.stop();
    this.#timer = setTimeout(
      () => this.#stop.abort(new DOMException('nothing has happened for too long', 'TimeoutError')),
      this.#milliseconds,
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The body on its way to the upstream. */
class Sending {
  readonly stream: Readable;
  /** Why the caller's side of it failed. */
  error: unknown;

  constructor(body: AsyncIterable<Uint8Array>, stop: AbortController, sent: (bytes: number) => void) {
    const untaken = new Watchdog(stall, stop);
    const fail = (error: unknown) => {
      this.error = error;
    };
    async function* pass() {
      try {
        for await (const chunk of body) {
          untaken.start();
          yield chunk;
          untaken.stop();
          sent(chunk.byteLength);
        }
      } catch (error) {
        fail(error);
        throw error;
      } finally {
        untaken.stop();
      }
    }
    this.stream = Readable.from(pass(), { objectMode: false, highWaterMark: 64 * 1024 });
  }
}

/**
 * The body of an answer, read as its consumer takes it. Whichever way it ends, `ended` is called. A chunk goes through
 * without a promise of its own: of a large file those would cost as much as passing it on.
 */
function receive(
  { body }: UpstreamResponse,
  options: {
    maxBytes: number;
    signal: AbortSignal;
    /** Runs while the consumer takes nothing: it would hold a connection for nothing. */
    unread: Watchdog;
    received: (bytes: number) => void;
    ended: () => void;
  },
): Readable {
  const { maxBytes, signal, unread, received, ended } = options;
  let bytes = 0;
  const fail = (cause: unknown) => stream.destroy(asFailure(cause, signal, 'truncated'));
  const abort = () => fail(signal.reason);
  const stream = new Readable({
    // Asked for only when the consumer takes something; what comes ahead is kept by the connection.
    highWaterMark: 0,
    read() {
      unread.stop();
      body.resume();
    },
    destroy(error, done) {
      unread.stop();
      signal.removeEventListener('abort', abort);
      body
        .off('error', fail)
        .on('error', () => undefined)
        .destroy();
      ended();
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
    if (!stream.readableFlowing) unread.start();
  });
  body.once('end', () => stream.push(null));
  body.on('error', fail);
  // Nobody may be reading yet, or any more.
  stream.on('error', () => undefined);
  signal.addEventListener('abort', abort, { once: true });
  unread.start();
  // It may have been aborted before anyone listened.
  if (signal.aborted) abort();
  return stream;
}
