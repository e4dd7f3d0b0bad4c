import type { RequestScope } from '../observability/request-scope.ts';
import { currentTrace, parseTraceparent, type TraceContext } from '../observability/trace-context.ts';
import { type Span, tracing } from '../observability/tracing/span.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { clientClosedRequest } from './request-log.ts';
import { bearerTokenOf, findService, type ServiceKey } from './service-key.ts';

/** Polled every few seconds; their traces carry no information. */
const untracedRoutes = new Set(['/healthz', '/readyz', '/metrics']);

/** Any other method becomes `_OTHER`: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Parses the trace context of a request from its traceparent and tracestate headers. */
export function incomingTrace(headers: HeaderLookup): TraceContext | undefined {
  const traceparent = headers.get('traceparent');
  return traceparent === null ? undefined : parseTraceparent(traceparent, headers.get('tracestate'));
}

/**
 * Starts the span of a request.
 *
 * @returns undefined if tracing is off or the route is not traced
 */
export function startRequestSpan(
  request: HttpRequest,
  {
    route,
    scope,
    incoming,
    serviceKeys,
  }: {
    route: string;
    scope?: RequestScope;
    incoming: TraceContext | undefined;
    serviceKeys: readonly ServiceKey[];
  },
): Span | undefined {
  if (!tracing.tracer || untracedRoutes.has(route)) return undefined;
  const method = knownMethods.has(request.method) ? request.method : '_OTHER';
  // The node server starts a span before Next handles a request, see withPageSpan. This span is then its child.
  const outer = currentTrace.getStore();
  return tracing.tracer.start(`${method === '_OTHER' ? 'HTTP' : method} ${route}`, {
    ...(outer
      ? { kind: 'internal', parent: outer }
      : {
          kind: 'server',
          parent: incoming,
          parentFrom: incoming && isService(request, serviceKeys) ? 'service' : 'untrusted',
        }),
    attributes: {
      'http.request.method': method,
      'http.route': route,
      ...(scope ? { 'bff.request_id': scope.requestId } : {}),
    },
  });
}

/** Returns whether the caller has a valid service key. An invalid one is rejected later. */
function isService(request: HttpRequest, keys: readonly ServiceKey[]): boolean {
  const token = bearerTokenOf(request);
  return typeof token === 'string' && findService(token, keys) !== undefined;
}

export function endRequestSpan(
  span: Span,
  { scope, status, aborted }: { scope?: RequestScope; status: number; aborted: boolean },
): void {
  const finalStatus = aborted ? clientClosedRequest : status;
  span.set({
    'http.response.status_code': finalStatus,
    ...(scope ? { 'bff.caller': scope.principal?.kind ?? 'unknown' } : {}),
  });
  if (finalStatus >= 500) span.fail(String(finalStatus));
  span.end();
}
