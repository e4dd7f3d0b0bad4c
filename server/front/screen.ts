import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorAnswer } from '../door/envelope.ts';
import { finishHeaders } from '../door/finish-headers.ts';
import { decodePathSegment } from '../door/path.ts';
import { Refusal } from '../door/refusal.ts';
import { requestIdOf } from '../door/request-id.ts';
import { logRequest } from '../door/request-log.ts';
import type { Env } from '../env.ts';
import type { AppError } from '../errors.ts';
import { rawEndpoint, trpcEndpoint } from '../paths.ts';
import { createRequestScope } from '../request-scope.ts';
import { parsePath } from '../upstream/path-segment.ts';

const callMethods = new Set(['GET', 'POST', 'OPTIONS']);
const dotSegments = /\/(?:\.|%2e){1,2}(?=\/|$)/i;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * What must not reach Next at all: it would answer with a 500 or a page where the envelope is due.
 *
 * @throws AppError `method_not_allowed`, `invalid_input`, `uri_too_long` or `not_found`
 */
export function screen(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): void {
  const { method = '', url = '', headers } = request;
  if (!methods.includes(method)) {
    throw new Refusal('method_not_allowed', { headers: { allow: methods.join(', ') } });
  }
  if (!url.startsWith('/')) {
    throw new Refusal('invalid_input', { message: 'The request target must be a path.' });
  }
  // There are no Server Actions; Next would log a stack for each that is asked for.
  if ('next-action' in headers) throw new Refusal('not_found');
  const path = pathOf(url);
  // Next would resolve them before anyone could look.
  if (dotSegments.test(path) || path.includes('\\')) {
    throw new Refusal('invalid_input', { message: 'The path cannot be used.' });
  }
  // As it came: what goes on to another server must not be one thing here and another there.
  if (path.startsWith(`${rawEndpoint}/`)) parsePath(path.slice(rawEndpoint.length));
  try {
    decodePathSegment(path);
  } catch (error) {
    // Where calls are made the method is what counts first.
    const isCall = url.startsWith(`${trpcEndpoint}/`);
    if (!isCall || callMethods.has(method)) throw error;
    throw new Refusal('method_not_allowed', { headers: { allow: 'GET, POST' } });
  }
}

/** The path of a request target as it came, without the query. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Answers a refused request with the envelope and ends its connection: what follows on it is not read. */
export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: AppError,
  env: Pick<Env, 'SITE_URL' | 'ALLOWED_ORIGINS'>,
): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const { requestId } = scope;
  const answer = errorAnswer(refusal, { path: null, requestId });
  finishHeaders(answer.headers, { requestId, origin: request.headers.origin ?? null, env });
  response.writeHead(answer.status, { ...answer.headers, connection: 'close' });
  response.end(answer.body);
  const method = methods.includes(request.method ?? '') ? String(request.method) : 'other';
  logRequest({ method, route: 'front', scope, status: answer.status, durationMs: 0, aborted: false });
}
