import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorResponse } from '../door/envelope.ts';
import { finishHeaders } from '../door/finish-headers.ts';
import { decodePathSegment } from '../door/path.ts';
import { Refusal } from '../door/refusal.ts';
import { requestIdOf } from '../door/request-id.ts';
import type { Env } from '../env.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * What must not reach Next at all: it would answer with a 500 or a page where the envelope is due.
 *
 * @throws Refusal `method_not_allowed` or `invalid_input`
 */
export function screen(request: Pick<IncomingMessage, 'method' | 'url'>): void {
  const { method = '', url = '' } = request;
  if (!methods.includes(method)) {
    throw new Refusal('method_not_allowed', { headers: { allow: methods.join(', ') } });
  }
  if (!url.startsWith('/')) {
    throw new Refusal('invalid_input', { message: 'The request target must be a path.' });
  }
  decodePathSegment(url.split('?', 1)[0] ?? '');
}

/** Answers a refused request with the envelope and ends its connection: what follows on it is not read. */
export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  env: Pick<Env, 'SITE_URL' | 'ALLOWED_ORIGINS'>,
): void {
  const requestId = requestIdOf(String(request.headers['x-request-id'] ?? ''));
  const answer = errorResponse(refusal, { path: null, requestId });
  finishHeaders(answer.headers, { requestId, origin: request.headers.origin ?? null, env });
  response.setHeaders(answer.headers);
  response.setHeader('connection', 'close');
  response.statusCode = answer.status;
  void answer.text().then((body) => response.end(body));
}
