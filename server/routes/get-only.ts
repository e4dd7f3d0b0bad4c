import { preflightResponse } from '../http/cors.ts';
import { type Handler, handleRequest, type Route } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { services } from '../services.ts';

/** Runs the handler of a route that allows only GET and HEAD, and the preflight requests for them. */
export function handleGet(
  request: HttpRequest,
  name: string,
  handler: Handler,
  options: Pick<Route, 'hosts'> = {},
): Promise<HttpResponse> {
  const getOnly: Handler = async (_, scope) => {
    if (request.method === 'OPTIONS') {
      return preflightResponse(request, services().env.ALLOWED_ORIGINS, 'GET, HEAD');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpError('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
    }
    const response = await handler(request, scope);
    scope.bytesOut = Number(response.headers['content-length'] ?? 0);
    return response;
  };
  return handleRequest(request, { ...options, name, handler: getOnly }, services());
}
