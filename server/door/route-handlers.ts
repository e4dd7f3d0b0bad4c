import { type Answer, toResponse } from './answer.ts';
import type { DoorRequest } from './door-request.ts';

/** Answers a request, whatever its method is; never rejects. */
export type DoorHandler = (request: DoorRequest) => Promise<Answer>;

/** A handler as Next mounts it. */
export function routeHandler(handler: DoorHandler): (request: Request) => Promise<Response> {
  return async (request) => toResponse(await handler(request));
}

/**
 * A handler for the methods that a route module exports: every one, so that one that is not allowed is refused with the
 * envelope and not with Next's empty 405.
 */
export function routeHandlers(handler: DoorHandler) {
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
