import type { IncomingMessage, ServerResponse } from 'node:http';
import { rawEndpoint, trpcEndpoint } from '../config/paths.ts';
import type { AppError } from '../errors.ts';
import { setCommonHeaders } from '../http/common-headers.ts';
import { decodePathSegment } from '../http/decode-path.ts';
import { errorResponse } from '../http/error-response.ts';
import type { HttpServices } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { requestIdOf } from '../http/request-id.ts';
import { logRequest } from '../http/request-log.ts';
import { createRequestScope } from '../observability/request-scope.ts';
import { parsePath } from '../upstream-client/path-segment.ts';

const callMethods = new Set(['GET', 'POST', 'OPTIONS']);
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Rejects requests that must not reach Next, because it would send a 500 or a page instead of the error response. The
 * target is a path, see `normalizeTarget`.
 *
 * @throws AppError `method_not_allowed`, `invalid_input`, `uri_too_long` or `not_found`
 */
export function rejectMalformed({
  method = '',
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): void {
  if (!methods.includes(method)) {
    throw new HttpError('method_not_allowed', { headers: { allow: methods.join(', ') } });
  }
  const coding = headers['transfer-encoding'];
  // Node hands over such a request before its parser rejects the body.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw new HttpError('invalid_input', { message: 'The only accepted Transfer-Encoding is chunked.' });
  }
  // This product has no server actions. Next would log a stack trace for each request for one.
  if ('next-action' in headers) throw new HttpError('not_found');
  const path = pathOf(url);
  // Next would resolve dot segments and backslashes before a route sees the path.
  if (dotSegment.test(path) || path.includes('\\')) {
    throw new HttpError('invalid_input', { message: 'The path cannot be used.' });
  }
  // Checks the undecoded path: this server and the upstream must not interpret it differently.
  if (path.startsWith(`${rawEndpoint}/`)) parsePath(path.slice(rawEndpoint.length));
  try {
    decodePathSegment(path);
  } catch (error) {
    // On the tRPC endpoint, the error of an unsupported method takes precedence.
    const isCall = url.startsWith(`${trpcEndpoint}/`);
    if (!isCall || callMethods.has(method)) throw error;
    throw new HttpError('method_not_allowed', { headers: { allow: 'GET, POST' } });
  }
}

/** Returns the undecoded path of a request target, without the query. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Sends the error response and closes the connection: later requests on it are not read. */
export function writeError(
  request: IncomingMessage,
  response: ServerResponse,
  error: AppError,
  services: HttpServices,
): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const { requestId } = scope;
  const { status, headers, body } = errorResponse(error, { path: null, requestId });
  const origin = request.headers.origin ?? null;
  setCommonHeaders(headers, { requestId, origin, env: services.env });
  response.writeHead(status, { ...headers, connection: 'close' });
  response.end(body);
  const method = methods.includes(request.method ?? '') ? String(request.method) : 'other';
  logRequest({ method, route: 'front', scope, status, durationMs: 0, aborted: false }, services);
}
