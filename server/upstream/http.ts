import { Agent, type Dispatcher, interceptors } from 'undici';
import { AppError, type ErrorReason } from '../errors.ts';
import { limits } from '../limits.ts';
import { guardedConnector, namesLoopback } from './address-guard.ts';

const { connectTimeout, deadline, connections, answerBytes, retryAfterCap } = limits.upstream;

/**
 * A connection pool for one upstream. Never the global fetch: Next patches it, and it has neither deadline nor
 * size limit.
 *
 * @param baseUrl as the operator set it; only when it names this machine may the connection stay on it
 */
export function createDispatcher(baseUrl: string): Dispatcher {
  return new Agent({
    allowH2: false,
    connections,
    connect: guardedConnector({
      timeout: connectTimeout,
      allowLoopback: namesLoopback(new URL(baseUrl).hostname),
    }),
    headersTimeout: deadline,
    bodyTimeout: deadline,
    maxResponseSize: answerBytes,
  }).compose(interceptors.decompress({ maxSize: answerBytes, skipErrorResponses: false }));
}

export type HttpRequest = {
  method: Dispatcher.HttpMethod;
  /** Origin and an optional path prefix. */
  baseUrl: string;
  /** From the root of `baseUrl`, with the query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
};

export type HttpAnswer = {
  status: number;
  mediaType: string;
  retryAfterSeconds: number | undefined;
  text: string;
};

/**
 * One request, one answer read whole. Redirects are answers like any other.
 *
 * @param overdue ends it, whatever it is at
 * @throws AppError `upstream_timeout`, `upstream_unreachable` or `upstream_bad_answer` (too large, cut off)
 */
export async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  overdue: AbortSignal,
): Promise<HttpAnswer> {
  const base = new URL(request.baseUrl);
  let answered = false;
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal: request.signal ? AbortSignal.any([overdue, request.signal]) : overdue,
    });
    answered = true;
    return {
      status: statusCode,
      mediaType: (one(headers['content-type'])?.split(';', 1)[0] ?? '').trim().toLowerCase(),
      retryAfterSeconds: parseRetryAfter(one(headers['retry-after'])),
      text: await body.text(),
    };
  } catch (cause) {
    if (overdue.aborted || isTimeout(request.signal?.reason))
      throw new AppError('upstream_timeout', { cause });
    throw new AppError(classify(cause, answered), { cause });
  }
}

const timeoutCodes = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** Where undici notices it before the headers are handed over. */
const badAnswerCodes = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** @param answered whether the headers of an answer had come: what fails after them is a bad answer */
function classify(cause: unknown, answered: boolean): ErrorReason {
  if (timeoutCodes.has(errorCode(cause))) return 'upstream_timeout';
  const notHttp = cause instanceof Error && cause.name === 'HTTPParserError';
  return answered || notHttp || badAnswerCodes.has(errorCode(cause))
    ? 'upstream_bad_answer'
    : 'upstream_unreachable';
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function one(header: string | string[] | undefined): string | undefined {
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
