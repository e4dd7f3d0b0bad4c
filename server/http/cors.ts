import type { HttpRequest } from './request.ts';
import { addVary, type HttpResponse, type ResponseHeaders } from './response.ts';

/** How long a browser may cache the result of a preflight request, in seconds. */
const preflightMaxAge = 600;

const requestHeaders = ['content-type', 'authorization', 'x-request-id', 'idempotency-key'];
const exposedHeaders = 'x-request-id, ratelimit, ratelimit-policy, retry-after';

/**
 * Allows pages of the listed origins (none by default) to read a response. `*` and credentials are never sent: such a
 * page can do no more than any anonymous caller.
 *
 * @param origin the request's Origin header
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
 * Returns the response to a CORS preflight request.
 *
 * @param furtherHeaders additional request headers to allow, in lower case
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
