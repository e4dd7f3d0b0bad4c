import { Agent, type Dispatcher, interceptors } from 'undici';
import { AppError } from '../errors.ts';
import { limits } from '../limits.ts';

const { connectTimeout, deadline, connections, answerBytes } = limits.upstream;

/** A connection pool for one upstream. Never the global fetch: Next patches it, and it has neither deadline nor size limit. */
export function createDispatcher(): Dispatcher {
  return new Agent({
    allowH2: false,
    connections,
    connect: { timeout: connectTimeout },
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
 * One request, one answer read whole, within one deadline. Redirects are answers like any other.
 *
 * @throws AppError `upstream_timeout`, `upstream_unreachable` or `upstream_bad_answer` (too large, cut off)
 */
export async function exchange(dispatcher: Dispatcher, request: HttpRequest): Promise<HttpAnswer> {
  const base = new URL(request.baseUrl);
  const overdue = AbortSignal.timeout(deadline);
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal: request.signal ? AbortSignal.any([overdue, request.signal]) : overdue,
    });
    return {
      status: statusCode,
      mediaType: (one(headers['content-type'])?.split(';', 1)[0] ?? '').trim().toLowerCase(),
      retryAfterSeconds: parseRetryAfter(one(headers['retry-after'])),
      text: await body.text(),
    };
  } catch (cause) {
    if (overdue.aborted) throw new AppError('upstream_timeout', { cause });
    throw classify(cause);
  }
}

const timeoutCodes = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const badAnswerCodes = new Set([
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_DECOMPRESS',
  'Z_DATA_ERROR',
  'Z_BUF_ERROR',
]);

function classify(cause: unknown): AppError {
  const code = errorCode(cause);
  if (timeoutCodes.has(code)) return new AppError('upstream_timeout', { cause });
  if (badAnswerCodes.has(code) || code.startsWith('HPE_'))
    return new AppError('upstream_bad_answer', { cause });
  return new AppError('upstream_unreachable', { cause });
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as whole seconds from now. */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}
