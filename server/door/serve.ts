import { AppError, isAppError } from '../errors.ts';
import { createRequestScope, type RequestScope, requestScope } from '../request-scope.ts';
import { services } from '../services.ts';
import { errorResponse } from './envelope.ts';
import { finishHeaders } from './finish-headers.ts';
import { setRateLimitHeaders } from './rate-limit-headers.ts';
import { requestIdOf } from './request-id.ts';
import { logRequest } from './request-log.ts';

export type Handler = (request: Request, scope: RequestScope) => Promise<Response>;

export type Route = {
  /** What the route is called in metrics: its pattern, never what a caller wrote. */
  name: string;
  handler: Handler;
  /** What the envelope calls the place that was asked. Default: the URL's path. */
  pathOf?: (request: Request) => string | null;
};

/**
 * What every request to a route handler passes: it gets an id and a scope, whatever its handler throws becomes
 * the envelope, the headers that every answer carries are set, and one line is logged when it is done.
 */
export function serve(request: Request, route: Route): Promise<Response> {
  const scope = createRequestScope(requestIdOf(request.headers.get('x-request-id')));
  return requestScope.run(scope, async () => {
    const startedAt = performance.now();
    let status = 500;
    try {
      const response = await answer(request, route, scope);
      status = response.status;
      return response;
    } finally {
      logRequest({
        method: request.method,
        route: route.name,
        scope,
        status,
        durationMs: performance.now() - startedAt,
        aborted: request.signal.aborted,
      });
    }
  });
}

async function answer(request: Request, route: Route, scope: RequestScope): Promise<Response> {
  const response = await route.handler(request, scope).catch((cause: unknown) => {
    const error = isAppError(cause) ? cause : new AppError('internal', { cause });
    const path = (route.pathOf ?? urlPathOf)(request);
    if (error.httpStatus >= 500 && !request.signal.aborted) {
      services().log.error({ path, reason: error.reason, err: error }, 'request failed');
    }
    return errorResponse(error, { path, requestId: scope.requestId });
  });
  setRateLimitHeaders(response.headers, scope.rateLimits.values());
  finishHeaders(response.headers, {
    requestId: scope.requestId,
    origin: request.headers.get('origin'),
    env: services().env,
  });
  return response;
}

function urlPathOf(request: Request): string | null {
  return URL.canParse(request.url) ? new URL(request.url).pathname : null;
}
