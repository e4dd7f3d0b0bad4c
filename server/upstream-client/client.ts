import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { type Span, tracing } from '../observability/tracing/span.ts';
import {
  type CallEndpoint,
  type EndpointData,
  idempotencyOf,
  type RawEndpoint,
  type Upstream,
} from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';
import { heapSize } from './heap-size.ts';
import { discard, readText, send, type UpstreamResponse } from './http.ts';
import { createHealthRecord, type UpstreamObserver } from './observer.ts';
import {
  buildBody,
  buildPath,
  credentialOf,
  type EndpointCall,
  headersOf,
  passedHeaders,
} from './request.ts';
import {
  acceptedTypes,
  checkMediaType,
  parseJson,
  parseResponse,
  passedResponseHeaders,
  rejectFailure,
} from './response.ts';
import { type CacheResult, ResponseCache, type SharedTier } from './response-cache.ts';
import { statusOf, type UpstreamSnapshot } from './status.ts';
import { type RawAnswer, type RawCall, streamRaw } from './stream.ts';
import { inCallSpan, inTrySpan } from './trace.ts';
import { createUpstreamPool, type UpstreamPool, type Work } from './upstream-pool.ts';

export type EndpointResponseMeta = {
  /** The upstream's HTTP status. */
  status: number;
  ageSeconds: number;
  cache: CacheResult<unknown>['cache'];
  /** Those headers of the answer that the endpoint lets through, where it declares any. */
  headers?: Record<string, string>;
};

export type UpstreamClient = ReturnType<typeof createUpstreamClient>;

type Answer<E extends CallEndpoint> = {
  data: EndpointData<E>;
  status: number;
  headers: Record<string, string>;
};
type Fetched<E extends CallEndpoint> = Answer<E> & { bytes: number; text: string };
/** What another instance needs to make the same answer. */
const storedSchema = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  text: z.string(),
});
type Stored = z.infer<typeof storedSchema>;

type AnswerOf = Omit<CacheResult<unknown>, 'value'> & Answer<CallEndpoint>;

type CallOptions = { signal?: AbortSignal | undefined };

/** Calls declared endpoints of declared upstreams, and nothing else. */
export function createUpstreamClient(
  env: Env,
  options: {
    /** What `status` tells of. */
    upstreams?: readonly Upstream[];
    observer?: UpstreamObserver;
    shared?: SharedTier | undefined;
  } = {},
) {
  const { observer, figuresOf } = createHealthRecord(options.observer);
  const connections = new Map<string, UpstreamPool>();
  const cache = new ResponseCache<Answer<CallEndpoint>>({
    maxBytes: limits.upstream.cacheBytes,
    shared: options.shared,
  });

  function connectionTo(upstream: Pick<Upstream, 'name' | 'limits'>, origin: string): UpstreamPool {
    const { name } = upstream;
    // Only one that was made for an origin may connect to it: this machine is for those that name it.
    const key = `${name} ${origin}`;
    const existing = connections.get(key);
    if (existing) return existing;
    const created = createUpstreamPool(
      origin,
      { ...limits.upstream, ...upstream.limits },
      {
        tried: (outcome) => observer.tried(name, outcome),
        breakerChanged: (state) => observer.breakerChanged(name, state),
      },
    );
    connections.set(key, created);
    return created;
  }

  /** One call on an upstream's connection, timed and counted. */
  async function timed<T>(name: string, run: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const ended = (outcome: Parameters<UpstreamObserver['called']>[1]) =>
      observer.called(name, outcome, (performance.now() - startedAt) / 1000);
    try {
      const result = await run();
      ended('ok');
      return result;
    } catch (error) {
      if (error instanceof UpstreamFailure) ended(error.fault);
      throw error;
    }
  }

  /** An answer read whole, with whatever `refuse` has against it. */
  async function receive(
    name: string,
    answer: UpstreamResponse,
    refuse: (answer: UpstreamResponse) => void,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ text: string; bytes: number }> {
    try {
      refuse(answer);
    } catch (error) {
      discard(answer);
      throw error;
    }
    const read = await readText(answer, maxBytes, signal);
    observer.transferred(name, 'received', read.bytes);
    return read;
  }

  async function fetchAnswer<E extends CallEndpoint>(
    upstream: Upstream,
    endpoint: E,
    call: EndpointCall,
    { signal }: CallOptions = {},
  ): Promise<Fetched<E>> {
    const origin = originOf(upstream, env);
    const path = buildPath(endpoint, call);
    const body = buildBody(endpoint, call);
    const idempotency = idempotencyOf(endpoint);
    const headers = headersOf(upstream, endpoint, env, {
      accept: acceptedTypes(endpoint).join(', '),
      'accept-encoding': 'gzip, br',
      ...passedHeaders(endpoint, call.header),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      // The same for every try.
      ...(idempotency === 'keyed' ? { 'idempotency-key': crypto.randomUUID() } : {}),
    });
    const maxBytes = upstream.limits?.answerBytes ?? limits.upstream.answerBytes;

    const exchange = async (
      [{ decoding }, tillThen]: Parameters<Work<Fetched<E>>>,
      ofTrace: Record<string, string>,
      span: Span | undefined,
    ): Promise<Fetched<E>> => {
      const request = {
        method: endpoint.method,
        origin,
        path,
        headers: { ...headers, ...ofTrace },
        ...(body === undefined ? {} : { body }),
      };
      if (body !== undefined) observer.transferred(upstream.name, 'sent', Buffer.byteLength(body));
      const answer = await send(decoding, request, tillThen);
      span?.set({ 'http.response.status_code': answer.status });
      const { mayBeMissing = false } = endpoint;
      const refuse = () => {
        rejectFailure(answer, { mayBeMissing });
        checkMediaType(endpoint, answer);
      };
      const { text, bytes } = await receive(upstream.name, answer, refuse, maxBytes, tillThen);
      return {
        data: parseResponse(endpoint, text),
        status: answer.status,
        headers: passedResponseHeaders(endpoint, answer.headers),
        bytes,
        text,
      };
    };
    let tries = 0;
    const { method } = endpoint;
    const work: Work<Fetched<E>> = (...given) =>
      inTrySpan({ upstream, endpoint }, { origin, method, retries: tries++ }, (ofTrace, span) =>
        exchange(given, ofTrace, span),
      );
    const deadline = endpoint.deadline ?? limits.upstream.deadline;
    const repeatable = idempotency !== 'none';
    return timed(upstream.name, () =>
      connectionTo(upstream, origin).call({ deadline, repeatable, signal }, work),
    );
  }

  /** What the caller must have in common with another to get the same answer. */
  function keyOf(upstream: Upstream, endpoint: CallEndpoint, call: EndpointCall): string {
    const credential = endpoint.cache?.scope === 'public' ? {} : credentialOf(upstream, endpoint, env);
    return [
      upstream.name,
      // Two endpoints may read one path in different ways.
      JSON.stringify([endpoint.summary, endpoint.answer.mediaTypes, endpoint.responseHeaders]),
      originOf(upstream, env),
      endpoint.method,
      buildPath(endpoint, call),
      buildBody(endpoint, call),
      JSON.stringify(passedHeaders(endpoint, call.header)),
      hash('sha256', JSON.stringify(credential), 'base64url'),
    ].join(' ');
  }

  /**
   * An answer of an endpoint, out of the cache where the endpoint declares one.
   *
   * @param options.signal ends the call; one that others may wait for too goes on
   * @throws AppError `invalid_input`, `not_found`, or of an `upstream_…` reason
   */
  async function request<E extends CallEndpoint>(
    upstream: Upstream,
    endpoint: E,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<Omit<CacheResult<Answer<E>>, 'value'> & Answer<E>>;
  async function request(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<AnswerOf> {
    // What comes out of the cache must cost nothing more.
    if (!tracing.tracer) return ask(upstream, endpoint, call, callOptions);
    return inCallSpan({ upstream, endpoint }, async (span) => {
      const answer = await ask(upstream, endpoint, call, callOptions);
      if (endpoint.cache) span?.set({ 'bff.cache': answer.cache, 'bff.stands_in': answer.isStaleIfError });
      return answer;
    });
  }

  async function ask(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<AnswerOf> {
    if (!endpoint.cache) {
      const { data, status, headers } = await fetchAnswer(upstream, endpoint, call, callOptions);
      return {
        data,
        status,
        headers,
        cache: 'miss',
        isStaleIfError: false,
        ageSeconds: 0,
        storedAt: new Date(),
      };
    }
    const { value, ...result } = await cache.get(keyOf(upstream, endpoint, call), endpoint.cache, {
      async load() {
        const { bytes, text, ...answer } = await fetchAnswer(upstream, endpoint, call);
        const { status, headers } = answer;
        const stored: Stored = { status, headers, text };
        return { value: answer, bytes: memoryOf(answer, bytes), text: JSON.stringify(stored) };
      },
      restore: (text) => restoreAnswer(endpoint, text),
    });
    observer.answered(upstream.name, result.cache);
    return { ...value, ...result };
  }

  /** The same in the form that procedures give. */
  async function procedureAnswer(
    upstream: Upstream,
    endpoint: CallEndpoint,
    call: EndpointCall,
    callOptions?: CallOptions,
  ): Promise<{ data: unknown; meta: EndpointResponseMeta }> {
    const {
      data,
      status,
      ageSeconds,
      cache: kind,
      headers,
    } = await request(upstream, endpoint, call, callOptions);
    const passed = endpoint.responseHeaders ? { headers } : {};
    return { data, meta: { status, ageSeconds, cache: kind, ...passed } };
  }

  /**
   * Bytes from and to a raw endpoint, as they come.
   *
   * @throws AppError as `request`; what fails after the head of the answer is an error of its body
   */
  function stream(upstream: Upstream, endpoint: RawEndpoint, call: RawCall): Promise<RawAnswer> {
    const origin = originOf(upstream, env);
    return timed(upstream.name, () =>
      inCallSpan({ upstream, endpoint }, () =>
        streamRaw({
          connection: connectionTo(upstream, origin),
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

  /** Any JSON from a URL that the operator configured, for sources that are not declared upstreams. */
  async function fetchJson(name: string, url: string, { signal }: CallOptions = {}): Promise<unknown> {
    const { origin, pathname, search } = new URL(url);
    const headers = {
      accept: 'application/feed+json, application/json',
      'accept-encoding': 'gzip, br',
      'user-agent': 'typed-bff',
    };
    const exchange = async (
      [{ decoding }, tillThen]: Parameters<Work<unknown>>,
      span: Span | undefined,
    ): Promise<unknown> => {
      const answer = await send(
        decoding,
        { method: 'GET', origin, path: `${pathname}${search}`, headers },
        tillThen,
      );
      span?.set({ 'http.response.status_code': answer.status });
      const read = await receive(
        name,
        answer,
        () => rejectFailure(answer),
        limits.upstream.answerBytes,
        tillThen,
      );
      return parseJson(read.text);
    };
    let tries = 0;
    const upstream = { name };
    const work: Work<unknown> = (...given) =>
      inTrySpan({ upstream }, { origin, method: 'GET', retries: tries++ }, (_, span) =>
        exchange(given, span),
      );
    const { deadline } = limits.upstream;
    return timed(name, () =>
      inCallSpan({ upstream }, () =>
        connectionTo(upstream, origin).call({ deadline, repeatable: true, signal }, work),
      ),
    );
  }

  /** Every upstream as this process has seen it. */
  function snapshots(): UpstreamSnapshot[] {
    return (options.upstreams ?? []).map((upstream) => {
      const { name, title } = upstream;
      const origin = upstream.origin(env);
      const state = connections.get(`${name} ${origin}`)?.state ?? {
        breaker: 'closed',
        running: 0,
        waiting: 0,
        streams: 0,
      };
      return { name, title, configured: origin !== undefined, ...state, ...figuresOf(name) };
    });
  }

  async function close(): Promise<void> {
    await Promise.all([...connections.values()].map((connection) => connection.close()));
  }

  return {
    request,
    procedureAnswer,
    stream,
    fetchJson,
    sights: snapshots,
    status: () => statusOf(snapshots()),
    close,
  };
}

/** @throws AppError `not_found` where the operator has set none */
function originOf(upstream: Upstream, env: Env): string {
  const origin = upstream.origin(env);
  if (origin === undefined)
    throw new AppError('not_found', { message: 'This upstream is not configured here.' });
  return origin;
}

/** @returns undefined when what is stored is not, or no longer, what the endpoint declares */
function restoreAnswer(endpoint: CallEndpoint, text: string) {
  try {
    const { status, headers, text: body } = storedSchema.parse(JSON.parse(text));
    const value: Answer<CallEndpoint> = { data: parseResponse(endpoint, body), status, headers };
    return { value, bytes: memoryOf(value, body.length) };
  } catch {
    return undefined;
  }
}

/** What an answer takes in memory, with what is made of it and kept as long; at least the bytes that it came in. */
function memoryOf({ data }: Answer<CallEndpoint>, received: number): number {
  return Math.max(received, heapSize(data) * limits.upstream.madeOfAnswer);
}
