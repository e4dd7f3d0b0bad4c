import type { z } from 'zod';
import type { Env } from '../env.ts';
import { AppError } from '../errors.ts';
import { fieldErrorsOf } from '../field-errors.ts';
import { limits } from '../limits.ts';
import { AnswerCache, type CacheResult } from './cache.ts';
import { type Connection, createConnection } from './connection.ts';
import { type Endpoint, type EndpointData, isRead, type Upstream } from './declaration.ts';
import type { HttpAnswer } from './http.ts';
import { fillTemplate } from './path-template.ts';

/** The parts of a request that come from the caller, before they are validated. */
export type EndpointCall = { params?: unknown; query?: unknown; body?: unknown };

export type EndpointAnswerMeta = {
  /** The upstream's HTTP status. */
  status: number;
  ageSeconds: number;
  cache: CacheResult<unknown>['cache'];
};

export type UpstreamClient = ReturnType<typeof createUpstreamClient>;

const userAgent = 'typed-bff';

/** Calls declared endpoints of declared upstreams, and nothing else. */
export function createUpstreamClient(env: Env) {
  const connections = new Map<string, Connection>();
  const cache = new AnswerCache<{ data: unknown; status: number }>({ maxBytes: limits.upstream.cacheBytes });

  function connectionTo(name: string, baseUrl: string): Connection {
    const existing = connections.get(name);
    if (existing) return existing;
    const created = createConnection(baseUrl);
    connections.set(name, created);
    return created;
  }

  /** One exchange with the upstream, its answer validated. */
  async function request<E extends Endpoint>(
    upstream: Upstream,
    endpoint: E,
    call: EndpointCall,
    signal?: AbortSignal,
  ): Promise<{ data: EndpointData<E>; status: number; bytes: number }> {
    const { path, body } = buildRequest(endpoint, call);
    const answer = await connectionTo(upstream.name, upstream.baseUrl(env)).send({
      method: endpoint.method,
      baseUrl: upstream.baseUrl(env),
      path,
      headers: {
        accept: acceptedTypes(endpoint).join(', '),
        'accept-encoding': 'gzip, br',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...upstream.headers?.(env),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
    refuseFailure(answer, endpoint.mayBeMissing);
    return { data: readAnswer(endpoint, answer), status: answer.status, bytes: answer.text.length };
  }

  /** The same with a memory, for endpoints that declare cache windows. */
  async function cached(
    upstream: Upstream,
    endpoint: Endpoint,
    call: EndpointCall,
    signal?: AbortSignal,
  ): Promise<{ data: unknown; meta: EndpointAnswerMeta }> {
    if (!endpoint.cache || !isRead(endpoint)) {
      const { data, status } = await request(upstream, endpoint, call, signal);
      return { data, meta: { status, ageSeconds: 0, cache: 'miss' } };
    }
    const { path, body } = buildRequest(endpoint, call);
    const key = [upstream.name, endpoint.method, path, body].join(' ');
    const {
      value,
      ageSeconds,
      cache: kind,
    } = await cache.get(key, endpoint.cache, async () => {
      const { data, status, bytes } = await request(upstream, endpoint, call);
      return { value: { data, status }, bytes };
    });
    return { data: value.data, meta: { status: value.status, ageSeconds, cache: kind } };
  }

  /** Any JSON from a URL that the operator configured, for sources that are not declared upstreams. */
  async function fetchJson(url: string, options: { signal?: AbortSignal } = {}): Promise<unknown> {
    const { origin, pathname, search } = new URL(url);
    const answer = await connectionTo(origin, origin).send({
      method: 'GET',
      baseUrl: origin,
      path: `${pathname}${search}`,
      headers: {
        accept: 'application/feed+json, application/json',
        'accept-encoding': 'gzip, br',
        'user-agent': userAgent,
      },
      ...options,
    });
    refuseFailure(answer);
    return parseJson(answer.text);
  }

  async function close(): Promise<void> {
    await Promise.all([...connections.values()].map((connection) => connection.close()));
  }

  return { request, cached, fetchJson, close };
}

function buildRequest(endpoint: Endpoint, call: EndpointCall): { path: string; body: string | undefined } {
  const params = validate(endpoint.params, call.params, 'params') ?? {};
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(validate(endpoint.query, call.query ?? {}, 'query') ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const body = validate(endpoint.body, call.body, 'body');
  const search = query.size > 0 ? `?${query}` : '';
  return {
    path: `${fillTemplate(endpoint.template, params)}${search}`,
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}

function validate<T>(schema: z.ZodType<T> | undefined, value: unknown, part: string): T | undefined {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('invalid_input', {
    fieldErrors: fieldErrorsOf(result.error, part),
    cause: result.error,
  });
}

function acceptedTypes(endpoint: Endpoint): readonly string[] {
  return endpoint.answer.mediaTypes ?? [endpoint.answer.kind === 'json' ? 'application/json' : 'text/plain'];
}

/** The upstream's own words go nowhere, not even into the log: they may repeat what the caller asked. */
function refuseFailure(
  { status, mediaType, retryAfterSeconds, text }: HttpAnswer,
  mayBeMissing = false,
): void {
  // A part of an answer, which nobody asked for, is none.
  if (status >= 200 && status < 300 && status !== 206) return;
  const cause = new Error(`the upstream answered ${status} with ${text.length} characters of ${mediaType}`);
  if (mayBeMissing && (status === 404 || status === 410)) {
    throw new AppError('not_found', { message: 'The upstream knows nothing of this.', cause });
  }
  if (status === 429 || status === 503) {
    throw new AppError('upstream_overloaded', {
      cause,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }
  if (status >= 400 && status < 500) throw new AppError('upstream_refused', { cause });
  throw new AppError('upstream_bad_answer', { cause });
}

/** A parse error would quote the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('upstream_bad_answer', {
      cause: new Error(`${text.length} characters that are not JSON`),
    });
  }
}

function readAnswer<E extends Endpoint>(endpoint: E, answer: HttpAnswer): EndpointData<E> {
  if (!acceptedTypes(endpoint).includes(answer.mediaType)) {
    throw new AppError('upstream_bad_answer', { cause: new Error(`media type ${answer.mediaType}`) });
  }
  const schema: E['answer']['schema'] = endpoint.answer.schema;
  const value = endpoint.answer.kind === 'json' ? parseJson(answer.text) : answer.text;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('upstream_bad_answer', { cause: result.error });
}
