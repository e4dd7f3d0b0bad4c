import { WholeResponse } from './whole-response.ts';

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
  headers: Headers,
  origin: string | null,
  allowedOrigins: readonly string[],
): void {
  if (allowedOrigins.length === 0) return;
  headers.append('vary', 'Origin');
  if (origin === null || !allowedOrigins.includes(origin)) return;
  headers.set('access-control-allow-origin', origin);
  headers.set('access-control-expose-headers', exposedHeaders);
}

/**
 * Answers the question a browser asks before it sends a call from another origin.
 *
 * @param furtherHeaders that a request may carry here, in lower case
 */
export function preflightResponse(
  request: Request,
  allowedOrigins: readonly string[],
  methods: string,
  furtherHeaders: readonly string[] = [],
): Response {
  const headers = new Headers({ allow: `${methods}, OPTIONS` });
  setCorsHeaders(headers, request.headers.get('origin'), allowedOrigins);
  if (headers.has('access-control-allow-origin')) {
    headers.set('access-control-allow-methods', methods);
    headers.set('access-control-allow-headers', [...requestHeaders, ...furtherHeaders].join(', '));
    headers.set('access-control-max-age', String(preflightMaxAge));
  }
  return new WholeResponse(null, { status: 204, headers });
}
