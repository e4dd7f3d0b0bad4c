import type { Readable } from 'node:stream';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { createDownloadStream } from './download-stream.ts';
import type { RawEndpoint, Upstream } from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';
import {
  type Dispatchers,
  discard,
  firstValue,
  type UpstreamRequest,
  type UpstreamResponse,
} from './http.ts';
import { sendAndFollow } from './redirect.ts';
import { buildPath, type EndpointCall, forwardedHeaders, headersOf, tokenSourceOf } from './request.ts';
import { acceptedTypes, checkMediaType, forwardedResponseHeaders, rejectErrorStatus } from './response.ts';
import { withAttemptSpan } from './trace.ts';
import { UploadStream } from './upload-stream.ts';
import type { UpstreamPool } from './upstream-pool.ts';
import { sendForUser, type TokenSource } from './user-token.ts';
import { Watchdog } from './watchdog.ts';

export type RawCall = Pick<EndpointCall, 'params' | 'query' | 'header' | 'user'> & {
  /** Method of the endpoint, or HEAD for a GET endpoint. */
  method: RawEndpoint['method'] | 'HEAD';
  upload?: {
    contentType: string;
    /** Content-Length of the caller's request. Undefined if it has none. */
    length: number | undefined;
    /** Throws an AppError if the caller's body is invalid. */
    body: AsyncIterable<Uint8Array>;
  };
  signal: AbortSignal;
};

export type RawResponse = {
  status: number;
  contentType: string | undefined;
  /** Content-Length in bytes. Undefined if the upstream sends none. */
  length: number | undefined;
  headers: Record<string, string>;
  /** Undefined if the response has no body. An error of the stream means that the body is incomplete. */
  body: Readable | undefined;
  /** Returns the number of body bytes received so far. */
  received: () => number;
};

type StreamOptions = {
  pool: UpstreamPool;
  upstream: Upstream;
  endpoint: RawEndpoint;
  origin: string;
  env: Env;
  call: RawCall;
  transferred: (direction: 'received' | 'sent', bytes: number) => void;
};

const { stall, deadline: streamDeadline } = limits.raw;

/**
 * Opens a stream to a raw endpoint and resolves with the head of the response.
 *
 * @throws AppError `invalid_input`, UpstreamFailure, or the error of the upload's body
 */
export async function openStream(options: StreamOptions): Promise<RawResponse> {
  const { pool, endpoint, call, transferred } = options;
  const maxBytes = endpoint.answer.maxBytes ?? limits.raw.bytes;
  const forwarded = forwardedHeaders(endpoint, call.header);
  const request = requestOf(options, forwarded);

  const token = tokenSourceOf(options.upstream, endpoint, call, options.env);

  const work = async ({ plain }: Dispatchers, release: () => void): Promise<RawResponse> => {
    const abort = new AbortController();
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(streamDeadline), abort.signal]);
    const response = await fetchHead(options, request, { plain, abort, signal, token });
    try {
      checkHead(endpoint, response, { forwarded, maxBytes });
    } catch (error) {
      discard(response);
      throw error;
    }
    // The body of an error, such as a 416, is the upstream's own page.
    const isError = response.status >= 400;
    const isEmpty = isError || call.method === 'HEAD' || response.status === 204 || response.status === 304;
    if (isEmpty) {
      discard(response);
      release();
    }
    let bytes = 0;
    return {
      status: response.status,
      contentType: isError ? undefined : contentTypeOf(response),
      length: isError ? undefined : lengthOf(response),
      headers: {
        ...forwardedResponseHeaders(endpoint, response.headers),
        // A file that is stored compressed. The request does not ask for compression.
        ...(isError || encodingOf(response) === '' ? {} : { 'content-encoding': encodingOf(response) }),
      },
      body: isEmpty
        ? undefined
        : createDownloadStream(response, {
            maxBytes,
            signal,
            stall: new Watchdog(stall, abort),
            received(chunkBytes) {
              bytes += chunkBytes;
              transferred('received', chunkBytes);
            },
            onEnd: release,
          }),
      received: () => bytes,
    };
  };
  return pool.stream(work, { userId: token && call.user?.id });
}

function requestOf(
  { upstream, endpoint, origin, env, call }: StreamOptions,
  forwarded: Record<string, string>,
): Omit<UpstreamRequest, 'body'> {
  const { upload } = call;
  return {
    method: call.method,
    origin,
    path: buildPath(endpoint, call),
    headers: headersOf(upstream, endpoint, env, {
      accept: acceptedTypes(endpoint).join(', '),
      // The bytes are passed on unchanged, so they must not be compressed.
      'accept-encoding': 'identity',
      ...forwarded,
      ...(upload ? { 'content-type': upload.contentType } : {}),
      ...(upload?.length === undefined ? {} : { 'content-length': String(upload.length) }),
    }),
    stallTimeout: stall,
  };
}

/** Sends the request with its upload, if it has one, and returns the head of the response. */
async function fetchHead(
  { upstream, endpoint, call: { upload }, transferred }: StreamOptions,
  request: Omit<UpstreamRequest, 'body'>,
  {
    plain,
    abort,
    signal,
    token,
  }: {
    plain: Dispatchers['plain'];
    abort: AbortController;
    signal: AbortSignal;
    token: TokenSource | undefined;
  },
): Promise<UpstreamResponse> {
  const headTimeout = new Watchdog(endpoint.deadline ?? limits.upstream.deadline, abort);
  const startTimeout = () => headTimeout.start();
  const uploadStream =
    upload &&
    new UploadStream(upload.body, {
      stall: new Watchdog(stall, abort),
      sent: (bytes) => transferred('sent', bytes),
    });
  try {
    // With an upload, the head is due only after the last byte was sent.
    if (uploadStream) uploadStream.readable.once('end', startTimeout);
    else startTimeout();
    const { origin, method } = request;
    return await withAttemptSpan(
      { upstream, endpoint },
      { origin, method, retries: 0 },
      async (traceHeaders, span) => {
        const headers = { ...request.headers, ...traceHeaders };
        const body = uploadStream ? { body: uploadStream.readable } : {};
        const send = (credential?: Record<string, string>) =>
          sendAndFollow(plain, { ...request, headers: { ...headers, ...credential }, ...body }, signal);
        const response = token
          ? await sendForUser(token, signal, (authorization) => send({ authorization }), {
              canRepeat: !uploadStream,
            })
          : await send();
        span?.set({ 'http.response.status_code': response.status });
        if (response.status >= 400) span?.fail(String(response.status));
        return response;
      },
    );
  } catch (error) {
    if (uploadStream?.error !== undefined) throw uploadStream.error;
    const isReset = error instanceof UpstreamFailure && error.fault === 'reset';
    if (!isReset || !uploadStream || uploadStream.readable.readableEnded) throw error;
    throw new UpstreamFailure('upload_reset', { cause: error.cause });
  } finally {
    uploadStream?.readable.off('end', startTimeout);
    headTimeout.stop();
  }
}

/** @throws UpstreamFailure */
function checkHead(
  endpoint: RawEndpoint,
  response: UpstreamResponse,
  { forwarded, maxBytes }: { forwarded: Record<string, string>; maxBytes: number },
): void {
  const { mayBeMissing = false } = endpoint;
  rejectErrorStatus(response, { mayBeMissing, expected: expectedStatuses(forwarded) });
  if (response.status === 204 || response.status >= 300) return;
  checkMediaType(endpoint, response);
  if (!/^[\w-]*(?:, ?[\w-]+)*$/.test(encodingOf(response))) throw new UpstreamFailure('media_type');
  if ((lengthOf(response) ?? 0) > maxBytes) throw new UpstreamFailure('too_large');
}

/** Returns the statuses besides 2xx that a range or a condition in the forwarded headers may cause. */
function expectedStatuses(forwarded: Record<string, string>): number[] {
  return [
    ...('range' in forwarded ? [206, 416] : []),
    ...('if-none-match' in forwarded || 'if-modified-since' in forwarded ? [304] : []),
    ...('if-match' in forwarded || 'if-unmodified-since' in forwarded ? [412] : []),
  ];
}

/** Returns the Content-Type for the caller. Only the charset parameter is kept. */
function contentTypeOf({ mediaType, charset }: UpstreamResponse): string | undefined {
  if (mediaType === '') return undefined;
  return charset === undefined || !/^[\w-]+$/.test(charset) ? mediaType : `${mediaType}; charset=${charset}`;
}

function encodingOf({ headers }: UpstreamResponse): string {
  return firstValue(headers['content-encoding'])?.toLowerCase() ?? '';
}

function lengthOf(response: UpstreamResponse): number | undefined {
  const length = firstValue(response.headers['content-length']);
  return length === undefined ? undefined : Number(length);
}
