import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { tracing } from '../observability/tracing/span.ts';
import { cacheKeyOf } from './cache-key.ts';
import { restoreCacheEntry, toCacheEntry } from './cached-response.ts';
import { type CallEndpoint, isForUser, type RawEndpoint, type Upstream } from './endpoint.ts';
import {
  type EndpointResponse,
  endpointExchange,
  type FetchedResponse,
  jsonExchange,
  observeCall,
  runExchange,
  type TextRequest,
  type TextResponse,
  textExchange,
} from './exchange.ts';
import { createHealthRecord, type UpstreamObserver } from './observer.ts';
import { createPoolRegistry } from './pool-registry.ts';
import { type EndpointCall, originOf } from './request.ts';
import { type CacheResult, ResponseCache, type SharedCache } from './response-cache.ts';
import { statusOf, type UpstreamSnapshot } from './status.ts';
import { openStream, type RawCall, type RawResponse } from './stream.ts';
import { withCallSpan } from './trace.ts';

export type EndpointResponseMeta = {
  /** HTTP status of the upstream's response. */
  status: number;
  ageSeconds: number;
  cache: CacheResult<unknown>['cache'];
  /** The response headers that the endpoint forwards. Absent if it declares none. */
  headers?: Record<string, string>;
};

export type UpstreamClient = ReturnType<typeof createUpstreamClient>;

type ClientResponse<E extends CallEndpoint> = Omit<CacheResult<unknown>, 'value'> & EndpointResponse<E>;

type CallOptions = { signal?: AbortSignal | undefined };

/** Creates the client for the declared endpoints of declared upstreams. It sends no other requests. */
export function createUpstreamClient(
  env: Env,
  options: {
    /** Upstreams that `status` and `snapshots` include. */
    upstreams?: readonly Upstream[];
    observer?: UpstreamObserver;
    shared?: SharedCache | undefined;
  } = {},
) {
  const { observer, statsOf } = createHealthRecord(options.observer);
  const pools = createPoolRegistry(observer, env);
  const cache = new ResponseCache<EndpointResponse<CallEndpoint>>({
    maxBytes: limits.upstream.cacheBytes,
    shared: options.shared,
  });

  /** The responses of users stay in the memory of this process: they belong to one user. */
  const userCache = new ResponseCache<EndpointResponse<CallEndpoint>>({
    maxBytes: limits.upstream.userCacheBytes,
  });

  async function fetchResponse<E extends CallEndpoint>(
    upstream: Upstream,
    endpoint: E,
    call: EndpointCall,
    { signal }: CallOptions = {},
  ): Promise<FetchedResponse<E>> {
    const exchange = endpointExchange(upstream, endpoint, call, env);
    const pool = pools.get(upstream, exchange.request.origin);
    return runExchange(exchange, { pool, observer, signal });
  }

  /**
   * Returns the response of an endpoint, from the cache if the endpoint declares one.
   *
   * @param callOptions.signal ends this call. A request whose response goes into the cache continues, because other
   * callers may be waiting for it
   * @throws AppError `invalid_input`, `not_found`, or an `upstream_…` reason
   */
  async function request<E extends CallEndpoint>(
    upstream: Upstream,
    endpoint: E,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<ClientResponse<E>>;
  async function request(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<ClientResponse<CallEndpoint>> {
    // Without a tracer, skips the cost of a span: a cache hit takes only microseconds.
    if (!tracing.tracer) return lookUp(upstream, endpoint, call, callOptions);
    return withCallSpan({ upstream, endpoint }, async (span) => {
      const response = await lookUp(upstream, endpoint, call, callOptions);
      if (endpoint.cache)
        span?.set({ 'bff.cache': response.cache, 'bff.stands_in': response.isStaleIfError });
      return response;
    });
  }

  async function lookUp(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<ClientResponse<CallEndpoint>> {
    if (!endpoint.cache) {
      const { data, status, headers } = await fetchResponse(upstream, endpoint, call, callOptions);
      const fetched = { cache: 'miss', isStaleIfError: false, ageSeconds: 0, storedAt: new Date() } as const;
      return { data, status, headers, ...fetched };
    }
    const isPersonal = isForUser(upstream, endpoint);
    if (isPersonal && !call.user) throw new AppError('sign_in_required');
    const store = isPersonal ? userCache : cache;
    const { value, ...result } = await store.get(cacheKeyOf(upstream, endpoint, call, env), endpoint.cache, {
      load: async () => toCacheEntry(await fetchResponse(upstream, endpoint, call)),
      restore: (stored) => restoreCacheEntry(endpoint, stored),
    });
    observer.cacheLookup(upstream.name, result.cache);
    return { ...value, ...result };
  }

  /** Returns the same response in the shape of a proxy procedure's output. */
  async function requestWithMeta(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<{ data: unknown; meta: EndpointResponseMeta }> {
    const response = await request(upstream, endpoint, call, callOptions);
    const { data, status, ageSeconds, headers } = response;
    const forwarded = endpoint.responseHeaders ? { headers } : {};
    return { data, meta: { status, ageSeconds, cache: response.cache, ...forwarded } };
  }

  /**
   * Streams bytes from and to a raw endpoint, unchanged.
   *
   * @throws AppError as `request`. A failure after the head of the response is an error of its body
   */
  function stream(upstream: Upstream, endpoint: RawEndpoint, call: RawCall): Promise<RawResponse> {
    const origin = originOf(upstream, env);
    return observeCall(observer, upstream.name, () =>
      withCallSpan({ upstream, endpoint }, () =>
        openStream({
          pool: pools.get(upstream, origin),
          upstream,
          endpoint,
          origin,
          env,
          call,
          transferred: (direction, bytes) => observer.transferred(upstream.name, direction, bytes),
        }),
      ),
    );
  }

  /** Returns the JSON at a configured URL, for a source that is not a declared upstream. */
  async function fetchJson(name: string, url: string, { signal }: CallOptions = {}): Promise<unknown> {
    const exchange = jsonExchange(name, url);
    const pool = pools.get({ name }, exchange.request.origin);
    return withCallSpan(exchange.target, () => runExchange(exchange, { pool, observer, signal }));
  }

  /**
   * Sends a request to a URL that the protocol of a source gives, such as OpenID Connect. A 4xx is a response, too.
   *
   * @throws UpstreamFailure
   */
  function fetchText(
    name: string,
    request: TextRequest,
    { signal, ...bounds }: CallOptions & { deadline: number; maxBytes: number },
  ): Promise<TextResponse> {
    const exchange = textExchange(name, request, bounds);
    const pool = pools.get({ name }, exchange.request.origin);
    return withCallSpan(exchange.target, () => runExchange(exchange, { pool, observer, signal }));
  }

  /** Returns the state of every upstream as seen by this process. */
  function snapshots(): UpstreamSnapshot[] {
    return (options.upstreams ?? []).map((upstream) => {
      const { name, title } = upstream;
      const origin = upstream.origin(env);
      const idle = { breaker: 'closed', running: 0, waiting: 0, streams: 0 } as const;
      const state = pools.find(name, origin)?.state ?? idle;
      return { name, title, configured: origin !== undefined, ...state, ...statsOf(name) };
    });
  }

  return {
    request,
    requestWithMeta,
    stream,
    fetchJson,
    fetchText,
    snapshots,
    status: () => statusOf(snapshots()),
    close: () => pools.close(),
  };
}
