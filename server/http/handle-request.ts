import type { Env } from '../config/env.ts';
import { AppError, type ErrorJson, isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import { createRequestScope, type RequestScope, requestScope } from '../observability/request-scope.ts';
import { type Span, withTraceContext } from '../observability/tracing/span.ts';
import { workRecord } from '../observability/work.ts';
import { bearerChallenge } from './challenge.ts';
import { setCommonHeaders } from './common-headers.ts';
import { errorResponse } from './error-response.ts';
import { type AcceptedHosts, rejectForeignHost } from './host.ts';
import { setRateLimitHeaders } from './rate-limit-headers.ts';
import { type HttpRequest, targetOf } from './request.ts';
import { requestIdOf } from './request-id.ts';
import { logRequest, type RequestMetrics } from './request-log.ts';
import { endRequestSpan, incomingTrace, startRequestSpan } from './request-span.ts';
import type { HttpResponse } from './response.ts';

export type Handler = (request: HttpRequest, scope: RequestScope) => Promise<HttpResponse>;

export type Route = {
  /** Route label in metrics and logs: the route's pattern, never text from the request. */
  name: string;
  handler: Handler;
  /** Returns the `path` of the error response. Default: the URL's path. */
  pathOf?: (request: HttpRequest) => string | null;
  /** Returns the body of the error response. Default: the error as JSON. */
  errorBody?: (request: HttpRequest, error: ErrorJson) => string;
  /** Hosts that are accepted. Default: those of this site. */
  hosts?: AcceptedHosts;
};

/** The services that the HTTP layer needs. */
export type HttpServices = {
  env: Pick<
    Env,
    'SITE_URL' | 'OIDC_ISSUER' | 'HSTS_SUBDOMAINS' | 'ALLOWED_HOSTS' | 'ALLOWED_ORIGINS' | 'SERVICE_KEYS'
  >;
  log: Logger;
  metrics: RequestMetrics;
};

/**
 * Runs a route's handler with everything that all requests share: a request id and scope, a span, the conversion of
 * thrown errors to the error response, the common headers, and one log line at the end.
 */
export function handleRequest(
  request: HttpRequest,
  route: Route,
  services: HttpServices,
): Promise<HttpResponse> {
  const scope = createRequestScope(requestIdOf(request.headers.get('x-request-id')));
  const incoming = incomingTrace(request.headers);
  const span = startRequestSpan(request, {
    route: route.name,
    scope,
    incoming,
    serviceKeys: services.env.SERVICE_KEYS,
  });
  return requestScope.run(scope, () =>
    withTraceContext(span ?? incoming, () => handle({ request, route, scope, services }, span)),
  );
}

type Exchange = { request: HttpRequest; route: Route; scope: RequestScope; services: HttpServices };

async function handle(exchange: Exchange, span: Span | undefined): Promise<HttpResponse> {
  const { request, route, scope, services } = exchange;
  const startedAt = performance.now();
  const endWork = workRecord.start(route.name);
  let status = 500;
  function end(): void {
    logRequest(
      {
        method: request.method,
        route: route.name,
        scope,
        status,
        durationMs: performance.now() - startedAt,
        aborted: request.signal.aborted,
      },
      services,
    );
    if (span) endRequestSpan(span, { scope, status, aborted: request.signal.aborted });
    endWork();
  }
  try {
    const response = await respond(exchange);
    status = response.status;
    return response;
  } finally {
    if (scope.streamed) void scope.streamed.then(end);
    else end();
  }
}

async function respond(exchange: Exchange): Promise<HttpResponse> {
  const { request, scope, services } = exchange;
  const response = await callHandler(exchange);
  if (response.status === 401) response.headers = { ...bearerChallenge(services.env), ...response.headers };
  setRateLimitHeaders(response.headers, scope.rateLimits.values());
  setCommonHeaders(response.headers, {
    requestId: scope.requestId,
    origin: request.headers.get('origin'),
    env: services.env,
    page: response.page,
  });
  return response;
}

/** Calls the handler and converts a thrown error to the error response. */
async function callHandler({ request, route, scope, services }: Exchange): Promise<HttpResponse> {
  try {
    rejectForeignHost(request.headers, services.env, route.hosts);
    return await route.handler(request, scope);
  } catch (cause) {
    const error = isAppError(cause) ? cause : new AppError('internal', { cause });
    const path = (route.pathOf ?? urlPathOf)(request);
    if (error.httpStatus >= 500 && !request.signal.aborted) {
      services.log.error({ path, reason: error.reason, err: error }, 'request failed');
    }
    const { errorBody } = route;
    return errorResponse(error, {
      path,
      requestId: scope.requestId,
      ...(errorBody ? { bodyOf: (json: ErrorJson) => errorBody(request, json) } : {}),
    });
  }
}

function urlPathOf(request: HttpRequest): string | null {
  return URL.canParse(request.url) ? targetOf(request).pathname : null;
}
