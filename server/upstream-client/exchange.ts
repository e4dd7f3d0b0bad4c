import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { type CallEndpoint, type EndpointData, idempotencyOf, type Upstream } from './endpoint.ts';
import { UpstreamFailure } from './failure.ts';
import { discard, firstValue, readText, type UpstreamRequest, type UpstreamResponse } from './http.ts';
import type { UpstreamObserver } from './observer.ts';
import { sendAndFollow } from './redirect.ts';
import {
  buildBody,
  buildPath,
  type EndpointCall,
  forwardedHeaders,
  headersOf,
  originOf,
  tokenSourceOf,
  userAgent,
} from './request.ts';
import {
  acceptedTypes,
  checkMediaType,
  forwardedResponseHeaders,
  parseJson,
  parseResponse,
  rejectErrorStatus,
} from './response.ts';
import { type CallTarget, withAttemptSpan } from './trace.ts';
import type { UpstreamPool, Work } from './upstream-pool.ts';
import { sendForUser, type TokenSource } from './user-token.ts';

export type EndpointResponse<E extends CallEndpoint> = {
  data: EndpointData<E>;
  status: number;
  headers: Record<string, string>;
};

/** A response with its body as text, and the size of the body in decoded bytes. */
export type FetchedResponse<E extends CallEndpoint> = EndpointResponse<E> & { bytes: number; text: string };

type Body = { text: string; bytes: number };

/** One exchange with an upstream: a request, and how its response is checked and parsed. */
export type Exchange<T> = {
  target: CallTarget;
  request: Omit<UpstreamRequest, 'body'> & { body?: string };
  /** The access tokens of the user on whose behalf the request is sent. */
  user?: { id: string; token: TokenSource } | undefined;
  /** Milliseconds, including all attempts. */
  deadline: number;
  repeatable: boolean;
  /** Maximum size of the body, in decoded bytes. */
  maxBytes: number;
  /** Checks the head of the response before its body is read. */
  checkHead(response: UpstreamResponse): void;
  parse(response: UpstreamResponse, body: Body): T;
};

/**
 * Runs an exchange with all its attempts.
 *
 * @throws UpstreamFailure
 */
export function runExchange<T>(
  exchange: Exchange<T>,
  {
    pool,
    observer,
    signal,
  }: { pool: UpstreamPool; observer: UpstreamObserver; signal?: AbortSignal | undefined },
): Promise<T> {
  const { target, request, deadline, repeatable, user } = exchange;
  const { name } = target.upstream;
  const { origin, method } = request;
  let attempts = 0;
  const work: Work<T> = ({ decoding }, attemptSignal) =>
    withAttemptSpan(target, { origin, method, retries: attempts++ }, async (traceHeaders, span) => {
      if (request.body !== undefined) observer.transferred(name, 'sent', Buffer.byteLength(request.body));
      const headers = { ...request.headers, ...traceHeaders };
      const send = (credential?: Record<string, string>) =>
        sendAndFollow(decoding, { ...request, headers: { ...headers, ...credential } }, attemptSignal);
      const response = user
        ? await sendForUser(user.token, attemptSignal, (authorization) => send({ authorization }))
        : await send();
      span?.set({ 'http.response.status_code': response.status });
      const body = await readBody(exchange, response, attemptSignal);
      observer.transferred(name, 'received', body.bytes);
      return exchange.parse(response, body);
    });
  return observeCall(observer, name, () =>
    pool.call({ deadline, repeatable, signal, userId: user?.id }, work),
  );
}

async function readBody(
  { checkHead, maxBytes }: Pick<Exchange<unknown>, 'checkHead' | 'maxBytes'>,
  response: UpstreamResponse,
  signal: AbortSignal,
): Promise<Body> {
  try {
    checkHead(response);
  } catch (error) {
    discard(response);
    throw error;
  }
  return readText(response, maxBytes, signal);
}

/** Reports the duration and the outcome of a call to the observer. */
export async function observeCall<T>(
  observer: UpstreamObserver,
  name: string,
  run: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const callEnded = (outcome: Parameters<UpstreamObserver['callEnded']>[1]) =>
    observer.callEnded(name, outcome, (performance.now() - startedAt) / 1000);
  try {
    const result = await run();
    callEnded('ok');
    return result;
  } catch (error) {
    if (error instanceof UpstreamFailure) callEnded(error.fault);
    throw error;
  }
}

/**
 * Returns the exchange of a call to a declared endpoint.
 *
 * @throws AppError `invalid_input`, or `not_found` if the upstream is not configured
 */
export function endpointExchange<E extends CallEndpoint>(
  upstream: Upstream,
  endpoint: E,
  call: EndpointCall,
  env: Env,
): Exchange<FetchedResponse<E>> {
  const origin = originOf(upstream, env);
  const path = buildPath(endpoint, call);
  const body = buildBody(endpoint, call);
  const idempotency = idempotencyOf(endpoint);
  const token = tokenSourceOf(upstream, endpoint, call, env);
  const { method, mayBeMissing = false, deadline = limits.upstream.deadline } = endpoint;
  const headers = headersOf(upstream, endpoint, env, {
    accept: acceptedTypes(endpoint).join(', '),
    'accept-encoding': 'gzip, br',
    ...forwardedHeaders(endpoint, call.header),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    // All attempts carry the same key.
    ...(idempotency === 'keyed' ? { 'idempotency-key': crypto.randomUUID() } : {}),
  });
  return {
    target: { upstream, endpoint },
    request: { method, origin, path, headers, ...(body === undefined ? {} : { body }) },
    user: token && call.user && { id: call.user.id, token },
    deadline,
    repeatable: idempotency !== 'none',
    maxBytes: upstream.limits?.responseBytes ?? limits.upstream.responseBytes,
    checkHead(response) {
      rejectErrorStatus(response, { mayBeMissing });
      checkMediaType(endpoint, response);
    },
    parse: ({ status, headers: responseHeaders }, { text, bytes }) => ({
      data: parseResponse(endpoint, text),
      status,
      headers: forwardedResponseHeaders(endpoint, responseHeaders),
      bytes,
      text,
    }),
  };
}

/** Returns the exchange that gets JSON from a configured URL, for a source that is not a declared upstream. */
export function jsonExchange(name: string, url: string): Exchange<unknown> {
  const { origin, pathname, search } = new URL(url);
  const headers = {
    accept: 'application/feed+json, application/json',
    'accept-encoding': 'gzip, br',
    'user-agent': userAgent,
  };
  return {
    target: { upstream: { name } },
    request: { method: 'GET', origin, path: `${pathname}${search}`, headers },
    deadline: limits.upstream.deadline,
    repeatable: true,
    maxBytes: limits.upstream.responseBytes,
    checkHead: (response) => rejectErrorStatus(response),
    parse: (_, { text }) => parseJson(text),
  };
}

export type TextRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
};

export type TextResponse = { status: number; headers: Record<string, string>; text: string };

/** Returns the exchange with a URL that the protocol of a source gives. Its client handles the 4xx. */
export function textExchange(
  name: string,
  { method, url, headers, body }: TextRequest,
  bounds: Pick<Exchange<unknown>, 'deadline' | 'maxBytes'>,
): Exchange<TextResponse> {
  const { origin, pathname, search } = new URL(url);
  return {
    ...bounds,
    target: { upstream: { name } },
    request: {
      method,
      origin,
      path: `${pathname}${search}`,
      headers: { 'user-agent': userAgent, 'accept-encoding': 'gzip, br', ...headers },
      ...(body === undefined ? {} : { body }),
    },
    repeatable: method === 'GET',
    checkHead(response) {
      const isAnswer = response.status < 500 && response.status !== 429;
      if (!isAnswer) rejectErrorStatus(response);
    },
    parse: (response, { text }) => ({
      status: response.status,
      headers: Object.fromEntries(
        Object.entries(response.headers).flatMap(([header, value]) => {
          const first = firstValue(value);
          return first === undefined ? [] : [[header, first]];
        }),
      ),
      text,
    }),
  };
}
