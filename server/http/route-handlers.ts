import type { HttpRequest } from './request.ts';
import { type HttpResponse, toResponse } from './response.ts';

/** Answers a request, whatever its method is; never rejects. */
export type RouteHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** A handler as Next mounts it. */
export function routeHandler(handler: RouteHandler): (request: Request) => Promise<Response> {
  return async (request) => toResponse(await handler(request));
}

/**
 * A handler for the methods that a route module exports: every one, so that one that is not allowed is refused with the
 * envelope and not with Next's empty 405.
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
