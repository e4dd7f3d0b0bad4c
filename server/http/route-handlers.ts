import type { HttpRequest } from './request.ts';
import { type HttpResponse, toResponse } from './response.ts';

/** Handles a request of any method. The promise never rejects. */
export type RouteHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** Adapts a handler to the signature of a Next route handler. */
export function routeHandler(handler: RouteHandler): (request: Request) => Promise<Response> {
  return async (request) => toResponse(await handler(request));
}

/**
 * Adapts a handler to the exports of a Next route module, one per method. All methods are exported, so that the handler
 * rejects an unsupported one with the error response; Next would send an empty 405.
 */
export function routeHandlers(handler: RouteHandler) {
  const mounted = routeHandler(handler);
  return {
    DELETE: mounted,
    GET: mounted,
    HEAD: mounted,
    OPTIONS: mounted,
    PATCH: mounted,
    POST: mounted,
    PUT: mounted,
  };
}
