import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, interceptors } from 'undici';
import { limits } from '../config/limits.ts';
import { guardedConnector, namesLoopback } from './address-guard.ts';
import { type Fault, UpstreamFailure } from './failure.ts';

const { connectTimeout, longestDeadline, headerBytes, retryAfterCap } = limits.upstream;

/** One pool of connections for one upstream, seen in two ways. */
export type Dispatchers = {
  /** Answers are decompressed. */
  decoding: Dispatcher;
  /** Answers are as they came. */
  plain: Dispatcher;
  close(): Promise<void>;
};

/**
 * A connection pool for one upstream. Never the global fetch: Next patches it, and it has neither deadline nor
 * size limit.
 *
 * @param origin as the operator set it; only when it names this machine may the connection stay on it
 * @param options.answerBytes decoded size that is read into memory
 */
export function createDispatchers(
  origin: string,
  options: { connections: number; answerBytes: number },
): Dispatchers {
  const plain = new Agent({
    allowH2: false,
    connections: options.connections,
    connect: guardedConnector({
      timeout: connectTimeout,
      allowLoopback: namesLoopback(new URL(origin).hostname),
    }),
    headersTimeout: longestDeadline,
    bodyTimeout: longestDeadline,
    maxHeaderSize: headerBytes,
  });
  const decoding = plain.compose(
    interceptors.decompress({ maxSize: options.answerBytes, skipErrorResponses: false }),
  );
  return { plain, decoding, close: () => plain.destroy() };
}

export type UpstreamRequest = {
  method: Dispatcher.HttpMethod;
  /** Origin and an optional path prefix. */
  origin: string;
  /** From the root of `origin`, with the query. */
  path: string;
  headers: Record<string, string>;
  body?: string | Readable;
  /** Milliseconds between two parts of the answer's body, where it is not the call's deadline that bounds it. */
  stallTimeout?: number;
};

/** The head of an answer; the body is still to be read, or destroyed. */
export type UpstreamResponse = {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  /** In lower case, without parameters. */
  mediaType: string;
  charset: string | undefined;
  retryAfterSeconds: number | undefined;
  body: Dispatcher.ResponseData['body'];
};

/**
 * Sends one request and waits for the head of its answer. Redirects are answers like any other.
 *
 * @throws UpstreamFailure
 */
export async function send(
  dispatcher: Dispatcher,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const base = new URL(request.origin);
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      ...(request.stallTimeout === undefined ? {} : { bodyTimeout: request.stallTimeout }),
      signal,
    });
    const [mediaType = '', ...parameters] = (one(headers['content-type']) ?? '').split(';');
    return {
      status: statusCode,
      headers,
      mediaType: mediaType.trim().toLowerCase(),
      charset: charsetOf(parameters),
      retryAfterSeconds: parseRetryAfter(one(headers['retry-after'])),
      body,
    };
  } catch (cause) {
    throw asFailure(cause, signal, 'reset');
  }
}

/**
 * The body as text, which must be UTF-8.
 *
 * @param maxBytes decoded
 * @throws UpstreamFailure `too_large`, `charset`, `truncated` or `deadline`
 */
export async function readText(
  { body, charset }: UpstreamResponse,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ text: string; bytes: number }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      // Leaving the loop destroys the rest, and with it the connection.
      if (bytes > maxBytes) throw new UpstreamFailure('too_large');
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof UpstreamFailure ? cause : asFailure(cause, signal, 'truncated');
  }
  if (charset !== undefined && !utf8.has(charset)) throw new UpstreamFailure('charset');
  try {
    return { text: strictUtf8.decode(Buffer.concat(chunks)), bytes };
  } catch {
    throw new UpstreamFailure('charset');
  }
}

/** ASCII is a part of it. */
const utf8 = new Set(['utf-8', 'utf8', 'us-ascii']);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Ends an answer whose body nobody wants. */
export function discard({ body }: UpstreamResponse): void {
  body.on('error', () => undefined).destroy();
}

const faultOfCode: Partial<Record<string, Fault>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ERR_ADDRESS_REFUSED: 'address',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  ETIMEDOUT: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'deadline',
  UND_ERR_BODY_TIMEOUT: 'deadline',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'truncated',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too_large',
};

/**
 * @param otherwise what an error is that has no name of its own at this point of the exchange
 * @param overdue what it is that the deadline has passed
 */
export function asFailure(
  cause: unknown,
  signal: AbortSignal,
  otherwise: Fault,
  overdue: Fault = 'deadline',
): UpstreamFailure {
  if (signal.aborted) {
    return new UpstreamFailure(isTimeout(signal.reason) ? overdue : 'cancelled', { cause });
  }
  if (cause instanceof Error && cause.name === 'HTTPParserError') {
    // The parser's own error holds what it could not read.
    return new UpstreamFailure('protocol', { cause: new Error('the answer is not HTTP') });
  }
  return new UpstreamFailure(faultOfCode[errorCode(cause)] ?? otherwise, { cause });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function charsetOf(parameters: readonly string[]): string | undefined {
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter) ?? [];
    if (charset !== undefined) return charset.toLowerCase();
  }
  return undefined;
}

/** The first of a header's values. */
export function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/**
 * Seconds or an HTTP date (RFC 9110, 10.2.3), as whole seconds from now, bounded. Anything else is undefined: a
 * lenient parser would make a date of it, long past, and "at once" of that.
 */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : secondsUntil(text, now);
  return seconds === undefined ? undefined : Math.min(Math.max(0, seconds), retryAfterCap);
}

function secondsUntil(text: string, now: number): number | undefined {
  const at = /^[A-Z][a-z]{2,8}(,| )/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.ceil((at - now) / 1000);
}
