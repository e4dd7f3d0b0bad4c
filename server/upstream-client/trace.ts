import { isAppError } from '../errors.ts';
import { currentTrace, traceHeaders } from '../observability/trace-context.ts';
import { type Span, withSpan } from '../observability/tracing/span.ts';
import type { Endpoint, Upstream } from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';

/** The target of a call. A source that is not a declared upstream has only a name. */
export type CallTarget = {
  upstream: Pick<Upstream, 'name' | 'internal'>;
  endpoint?: Pick<Endpoint, 'method' | 'template'>;
};

/** Runs a call in a span. The span covers the cache lookup and all attempts. */
export function withCallSpan<T>(
  { upstream, endpoint }: CallTarget,
  run: (span: Span | undefined) => Promise<T>,
) {
  const attributes = { 'bff.upstream': upstream.name, ...templateOf(endpoint) };
  return withSpan(`upstream ${upstream.name}`, { kind: 'internal', attributes, failureOf }, run);
}

/**
 * Runs one attempt in a span. A retry carries its number.
 *
 * @param options.origin configured origin of the upstream
 * @param run gets the trace headers of the request, which are empty unless the upstream is internal
 */
export function withAttemptSpan<T>(
  { upstream, endpoint }: CallTarget,
  { origin, method, retries }: { origin: string; method: string; retries: number },
  run: (traceHeaders: Record<string, string>, span: Span | undefined) => Promise<T>,
): Promise<T> {
  const { hostname, port, protocol } = new URL(origin);
  const attributes = {
    'bff.upstream': upstream.name,
    'http.request.method': method,
    ...templateOf(endpoint),
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(retries > 0 ? { 'http.request.resend_count': retries } : {}),
  };
  const name = endpoint ? `${method} ${endpoint.template}` : method;
  return withSpan(name, { kind: 'client', attributes, failureOf }, (span) =>
    run(upstream.internal ? traceHeaders(currentTrace.getStore()) : {}, span),
  );
}

function templateOf(endpoint: CallTarget['endpoint']): Record<string, string> {
  return endpoint ? { 'url.template': endpoint.template } : {};
}

/**
 * Returns the error type of a span. Not failures: a missing resource, a call that the caller aborted, and an error that
 * the caller gets as a 4xx.
 */
function failureOf(error: unknown): string | undefined {
  if (!(error instanceof UpstreamFailure))
    return isAppError(error) && error.httpStatus < 500 ? undefined : 'internal';
  return error.fault === 'missing' || error.fault === 'cancelled' ? undefined : error.fault;
}
