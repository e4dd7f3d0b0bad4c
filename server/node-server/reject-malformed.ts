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
const dotSegments = /\/(?:\.|%2e){1,2}(?=\/|$)/i;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * What must not reach Next at all: it would answer with a 500 or a page where the envelope is due.
 *
 * @throws AppError `method_not_allowed`, `invalid_input`, `uri_too_long` or `not_found`
 */
export function rejectMalformed(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): void {
  const { method = '', url = '', headers } = request;
  if (!methods.includes(method)) {
    throw new HttpError('method_not_allowed', { headers: { allow: methods.join(', ') } });
  }
  if (!url.startsWith('/')) {
    throw new HttpError('invalid_input', { message: 'The request target must be a path.' });
  }
  // There are no Server Actions; Next would log a stack for each that is asked for.
  if ('next-action' in headers) throw new HttpError('not_found');
  const path = pathOf(url);
  // Next would resolve them before anyone could look.
  if (dotSegments.test(path) || path.includes('\\')) {
    throw new HttpError('invalid_input', { message: 'The path cannot be used.' });
  }
  // As it came: what goes on to another server must not be one thing here and another there.
  if (path.startsWith(`${rawEndpoint}/`)) parsePath(path.slice(rawEndpoint.length));
  try {
    decodePathSegment(path);
  } catch (error) {
    // Where calls are made the method is what counts first.
    const isCall = url.startsWith(`${trpcEndpoint}/`);
    if (!isCall || callMethods.has(method)) throw error;
    throw new HttpError('method_not_allowed', { headers: { allow: 'GET, POST' } });
  }
}

/** The path of a request target as it came, without the query. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Answers a refused request with the envelope and ends its connection: what follows on it is not read. */
export function writeError(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: AppError,
  services: HttpServices,
): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const { requestId } = scope;
  const answer = errorResponse(refusal, { path: null, requestId });
  const origin = request.headers.origin ?? null;
  setCommonHeaders(answer.headers, { requestId, origin, env: services.env });
  response.writeHead(answer.status, { ...answer.headers, connection: 'close' });
  response.end(answer.body);
  const method = methods.includes(request.method ?? '') ? String(request.method) : 'other';
  logRequest(
    { method, route: 'front', scope, status: answer.status, durationMs: 0, aborted: false },
    services,
  );
}
