import { isAppError } from '../errors.ts';
import { currentTrace, traceHeaders } from '../observability/trace-context.ts';
import { type Span, withSpan } from '../observability/tracing/span.ts';
import type { Endpoint, Upstream } from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';

/** What a call is to: of a source that is not declared only the name is known. */
type Called = {
  upstream: Pick<Upstream, 'name' | 'internal'>;
  endpoint?: Pick<Endpoint, 'method' | 'template'>;
};

/** What an answer was asked for, whether it comes out of the cache or takes several tries. */
export function inCallSpan<T>({ upstream, endpoint }: Called, run: (span: Span | undefined) => Promise<T>) {
  const attributes = { 'bff.upstream': upstream.name, ...templateOf(endpoint) };
  return withSpan(`upstream ${upstream.name}`, { kind: 'internal', attributes, failureOf }, run);
}

/**
 * One exchange with an upstream, a retry with its number.
 *
 * @param origin as the operator set it
 * @param run is given the headers that tell an internal upstream which trace it belongs to
 */
export function inTrySpan<T>(
  { upstream, endpoint }: Called,
  { origin, method, retries }: { origin: string; method: string; retries: number },
  run: (headers: Record<string, string>, span: Span | undefined) => Promise<T>,
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

function templateOf(endpoint: Called['endpoint']): Record<string, string> {
  return endpoint ? { 'url.template': endpoint.template } : {};
}

/** What the caller named and is not there is no failure of the exchange; neither is a caller who left. */
function failureOf(error: unknown): string | undefined {
  if (!(error instanceof UpstreamFailure))
    return isAppError(error) && error.httpStatus < 500 ? undefined : 'internal';
  return error.fault === 'missing' || error.fault === 'cancelled' ? undefined : error.fault;
}
