import type { HttpRequest } from './request.ts';
import { addVary, type HttpResponse, type ResponseHeaders } from './response.ts';

/** How long a browser may cache the result of a preflight request, in seconds. */
const preflightMaxAge = 600;

/** The request headers that the product reads. */
const requestHeaders = ['content-type', 'authorization', 'x-request-id', 'idempotency-key'];
const exposedHeaders = 'x-request-id, ratelimit, ratelimit-policy, retry-after, www-authenticate';

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
 * Returns the response to a CORS preflight request. Pages of listed origins may send any header: clients and tracing
 * libraries add their own, and an unknown header has no effect. `*` would not include Authorization.
 */
export function preflightResponse(
  request: HttpRequest,
  allowedOrigins: readonly string[],
  methods: string,
): HttpResponse {
  const headers: ResponseHeaders = { allow: `${methods}, OPTIONS` };
  setCorsHeaders(headers, request.headers.get('origin'), allowedOrigins);
  if ('access-control-allow-origin' in headers) {
    headers['access-control-allow-methods'] = methods;
    headers['access-control-allow-headers'] = [...allowedHeaders(request)].join(', ');
    headers['access-control-max-age'] = String(preflightMaxAge);
    addVary(headers, 'Access-Control-Request-Headers');
  }
  return { status: 204, headers, body: null };
}

const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

function allowedHeaders({ headers }: HttpRequest): Set<string> {
  const asked = (headers.get('access-control-request-headers') ?? '').toLowerCase().split(',');
  return new Set([
    ...requestHeaders,
    ...asked.map((name) => name.trim()).filter((name) => headerName.test(name)),
  ]);
}
