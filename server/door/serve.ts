import { AppError, isAppError } from '../errors.ts';
import { createRequestScope, type RequestScope, requestScope } from '../request-scope.ts';
import { services } from '../services.ts';
import { type Span, within } from '../telemetry/span.ts';
import type { Answer } from './answer.ts';
import { type DoorRequest, targetOf } from './door-request.ts';
import { errorAnswer } from './envelope.ts';
import { finishHeaders } from './finish-headers.ts';
import { setRateLimitHeaders } from './rate-limit-headers.ts';
import { requestIdOf } from './request-id.ts';
import { logRequest } from './request-log.ts';
import { endRequestSpan, givenTrace, startRequestSpan } from './request-span.ts';

export type Handler = (request: DoorRequest, scope: RequestScope) => Promise<Answer>;

export type Route = {
  /** What the route is called in metrics: its pattern, never what a caller wrote. */
  name: string;
  handler: Handler;
  /** What the envelope calls the place that was asked. Default: the URL's path. */
  pathOf?: (request: DoorRequest) => string | null;
};

/**
 * What every request to a route handler passes: it gets an id and a scope, whatever its handler throws becomes
 * the envelope, the headers that every answer carries are set, and one line is logged when it is done.
 */
export function serve(request: DoorRequest, route: Route): Promise<Answer> {
  const scope = createRequestScope(requestIdOf(request.headers.get('x-request-id')));
  const given = givenTrace(request.headers);
  const span = startRequestSpan(request, { route: route.name, scope, given });
  return requestScope.run(scope, () => within(span ?? given, () => handle(request, route, scope, span)));
}

async function handle(
  request: DoorRequest,
  route: Route,
  scope: RequestScope,
  span: Span | undefined,
): Promise<Answer> {
  const startedAt = performance.now();
  let status = 500;
  try {
    const answer = await answerOf(request, route, scope);
    status = answer.status;
    return answer;
  } finally {
    logRequest({
      method: request.method,
      route: route.name,
      scope,
      status,
      durationMs: performance.now() - startedAt,
      aborted: request.signal.aborted,
    });
    if (span) endRequestSpan(span, { scope, status, aborted: request.signal.aborted });
  }
}

async function answerOf(request: DoorRequest, route: Route, scope: RequestScope): Promise<Answer> {
  const answer = await handledOrRefused(request, route, scope);
  setRateLimitHeaders(answer.headers, scope.rateLimits.values());
  finishHeaders(answer.headers, {
    requestId: scope.requestId,
    origin: request.headers.get('origin'),
    env: services().env,
  });
  return answer;
}

async function handledOrRefused(request: DoorRequest, route: Route, scope: RequestScope): Promise<Answer> {
  try {
    return await route.handler(request, scope);
  } catch (cause) {
    const error = isAppError(cause) ? cause : new AppError('internal', { cause });
    const path = (route.pathOf ?? urlPathOf)(request);
    if (error.httpStatus >= 500 && !request.signal.aborted) {
      services().log.error({ path, reason: error.reason, err: error }, 'request failed');
    }
    return errorAnswer(error, { path, requestId: scope.requestId });
  }
}

function urlPathOf(request: DoorRequest): string | null {
  return URL.canParse(request.url) ? targetOf(request).pathname : null;
}
