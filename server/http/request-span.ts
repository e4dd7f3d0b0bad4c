import type { RequestScope } from '../observability/request-scope.ts';
import { currentTrace, parseTraceparent, type TraceContext } from '../observability/trace-context.ts';
import { type Span, tracing } from '../observability/tracing/span.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { clientClosedRequest } from './request-log.ts';
import { authenticateService, type ServiceKey } from './service-key.ts';

/** They are asked for every few seconds, and nothing is learned from how. */
const untraced = new Set(['/healthz', '/readyz', '/metrics']);

/** As https://opentelemetry.io/docs/specs/semconv/http/http-spans/ has it: any other counts as `_OTHER`. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The trace that the caller says this request belongs to. */
export function givenTrace(headers: HeaderLookup): TraceContext | undefined {
  const traceparent = headers.get('traceparent');
  return traceparent === null ? undefined : parseTraceparent(traceparent, headers.get('tracestate'));
}

/** @returns undefined where nothing is traced */
export function startRequestSpan(
  request: HttpRequest,
  {
    route,
    scope,
    given,
    serviceKeys,
  }: {
    route: string;
    scope?: RequestScope;
    given: TraceContext | undefined;
    serviceKeys: readonly ServiceKey[];
  },
): Span | undefined {
  if (!tracing.tracer || untraced.has(route)) return undefined;
  const method = methods.has(request.method) ? request.method : '_OTHER';
  // What Next was given to answer has come through this already, see inPageSpan.
  const outer = currentTrace.getStore();
  return tracing.tracer.start(`${method === '_OTHER' ? 'HTTP' : method} ${route}`, {
    ...(outer
      ? { kind: 'internal', parent: outer }
      : {
          kind: 'server',
          parent: given,
          parentFrom: given && isService(request, serviceKeys) ? 'service' : 'stranger',
        }),
    attributes: {
      'http.request.method': method,
      'http.route': route,
      ...(scope ? { 'bff.request_id': scope.requestId } : {}),
    },
  });
}

/** Whether the caller has a key of ours. A wrong one is refused later. */
function isService(request: HttpRequest, keys: readonly ServiceKey[]): boolean {
  try {
    return authenticateService(request, keys) !== undefined;
  } catch {
    return false;
  }
}

export function endRequestSpan(
  span: Span,
  { scope, status, aborted }: { scope?: RequestScope; status: number; aborted: boolean },
): void {
  const told = aborted ? clientClosedRequest : status;
  span.set({
    'http.response.status_code': told,
    ...(scope ? { 'bff.caller': scope.principal?.kind ?? 'unknown' } : {}),
  });
  if (told >= 500) span.fail(String(told));
  span.end();
}
