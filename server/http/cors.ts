import type { HttpRequest } from './request.ts';
import { addVary, type HttpResponse, type ResponseHeaders } from './response.ts';

/** How long a browser may remember a preflight, in seconds. */
const preflightMaxAge = 600;

const requestHeaders = ['content-type', 'authorization', 'x-request-id', 'idempotency-key'];
const exposedHeaders = 'x-request-id, ratelimit, ratelimit-policy, retry-after';

/**
 * Lets pages of listed origins read an answer. None by default. There is never a `*`, and cookies are not part
 * of it: what such a page may do, anyone may do.
 *
 * @param origin what the request says of itself
 */
export function setCorsHeaders(
  headers: ResponseHeaders,
  origin: string | null,
  allowedOrigins: readonly string[],
): void {
  if (allowedOrigins.length === 0) return;
  addVary(headers, 'Origin');
  if (origin === null || !allowedOrigins.includes(origin)) return;
  headers['access-control-allow-origin'] = origin;
  headers['access-control-expose-headers'] = exposedHeaders;
}

/**
 * Answers the question a browser asks before it sends a call from another origin.
 *
 * @param furtherHeaders that a request may carry here, in lower case
 */
export function preflightResponse(
  request: HttpRequest,
  allowedOrigins: readonly string[],
  methods: string,
  furtherHeaders: readonly string[] = [],
): HttpResponse {
  const headers: ResponseHeaders = { allow: `${methods}, OPTIONS` };
  setCorsHeaders(headers, request.headers.get('origin'), allowedOrigins);
  if ('access-control-allow-origin' in headers) {
    headers['access-control-allow-methods'] = methods;
    headers['access-control-allow-headers'] = [...requestHeaders, ...furtherHeaders].join(', ');
    headers['access-control-max-age'] = String(preflightMaxAge);
  }
  return { status: 204, headers, body: null };
}
