import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, EnvHttpProxyAgent, interceptors, Pool } from 'undici';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { mediaTypeOf } from '../lib/media-type.ts';
import { isLoopbackHost } from '../lib/network-address.ts';
import { guardedConnector } from './address-guard.ts';
import { type Fault, UpstreamFailure } from './failure.ts';
import { parseRetryHint, type RetryHint } from './retry-after.ts';

const { connectTimeout, maxDeadline, headerBytes } = limits.upstream;

/** Two dispatchers over the same connections. */
export type Dispatchers = {
  /** Decompresses responses. */
  decoding: Dispatcher;
  /** Returns responses unchanged. */
  plain: Dispatcher;
  close(): Promise<void>;
};

/** The settings of connections to upstreams. */
export type ConnectionSettings = Pick<Env, 'UPSTREAM_NETWORKS' | 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY'>;

/**
 * Creates the connections of one upstream. The global fetch is not used because Next patches it and it has neither a
 * deadline nor a size limit.
 *
 * @param origin configured origin. Connections to loopback are allowed only if it names this machine, and never use a
 * proxy
 * @param options.responseBytes maximum decoded size of a response from `decoding`
 */
export function createDispatchers(
  origin: string,
  options: { connections: number; responseBytes: number; settings: ConnectionSettings },
): Dispatchers {
  const { UPSTREAM_NETWORKS: networks, HTTP_PROXY, HTTPS_PROXY, NO_PROXY = '' } = options.settings;
  const loopback = isLoopbackHost(new URL(origin).hostname);
  const connections = {
    allowH2: false,
    connections: options.connections,
    headersTimeout: maxDeadline,
    bodyTimeout: maxDeadline,
    maxHeaderSize: headerBytes,
  };
  const connect = guardedConnector({ timeout: connectTimeout, loopback, networks });
  const plain =
    loopback || !(HTTP_PROXY || HTTPS_PROXY)
      ? new Agent({ ...connections, connect })
      : new EnvHttpProxyAgent({
          ...connections,
          // Connects to hosts in NO_PROXY. Connections to the proxy are not guarded: the operator names its address,
          // and the proxy resolves the names of the upstreams.
          connect,
          connectTimeout,
          httpProxy: HTTP_PROXY ?? '',
          httpsProxy: HTTPS_PROXY ?? '',
          noProxy: NO_PROXY,
          // Without this, requests that the proxy forwards would have none of the limits.
          factory: (target, poolOptions) => new Pool(target, { ...connections, ...poolOptions }),
        });
  const decoding = plain.compose(
    interceptors.decompress({ maxSize: options.responseBytes, skipErrorResponses: false }),
  );
  return { plain, decoding, close: () => plain.destroy() };
}

export type UpstreamRequest = {
  method: Dispatcher.HttpMethod;
  /** Origin and an optional path prefix. */
  origin: string;
  /** Path relative to `origin`, with the query. */
  path: string;
  headers: Record<string, string>;
  body?: string | Readable;
  /** Maximum time between two chunks of the response body, in milliseconds. Default: `maxDeadline`. */
  stallTimeout?: number;
};

/** The head of a response. The body must be read or destroyed. */
export type UpstreamResponse = {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  /** In lower case, without parameters. */
  mediaType: string;
  charset: string | undefined;
  retry: RetryHint;
  body: Dispatcher.ResponseData['body'];
};

/**
 * Sends one request and returns the head of its response.
 *
 * @throws UpstreamFailure
 */
export async function send(
  dispatcher: Dispatcher,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const base = new URL(request.origin);
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      ...(request.stallTimeout === undefined ? {} : { bodyTimeout: request.stallTimeout }),
      signal,
    });
    const contentType = firstValue(headers['content-type']);
    return {
      status: statusCode,
      headers,
      mediaType: mediaTypeOf(contentType),
      charset: charsetOf(contentType),
      retry: parseRetryHint(headers),
      body,
    };
  } catch (cause) {
    throw toUpstreamFailure(cause, signal, 'reset');
  }
}

/**
 * Reads the body as text. It must be UTF-8.
 *
 * @param maxBytes maximum size in decoded bytes
 * @throws UpstreamFailure `too_large`, `charset`, `truncated` or `deadline`
 */
export async function readText(
  { body, charset }: UpstreamResponse,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ text: string; bytes: number }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      // Leaving the loop destroys the body and thereby the connection.
      if (bytes > maxBytes) throw new UpstreamFailure('too_large');
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof UpstreamFailure ? cause : toUpstreamFailure(cause, signal, 'truncated');
  }
  if (charset !== undefined && !utf8.has(charset)) throw new UpstreamFailure('charset');
  try {
    return { text: strictUtf8.decode(Buffer.concat(chunks)), bytes };
  } catch {
    throw new UpstreamFailure('charset');
  }
}

/** Charsets that are UTF-8, or a subset of it like ASCII. */
const utf8 = new Set(['utf-8', 'utf8', 'us-ascii']);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Destroys a response whose body is not needed. */
export function discard({ body }: UpstreamResponse): void {
  body.on('error', () => undefined).destroy();
}

const faultOfCode: Partial<Record<string, Fault>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ERR_ADDRESS_REJECTED: 'address',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  ETIMEDOUT: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  // The proxy rejected the connection or broke it off.
  UND_ERR_ABORTED: 'connect',
  UND_ERR_PRX_CONN: 'connect',
  UND_ERR_PRX_TLS: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'deadline',
  UND_ERR_BODY_TIMEOUT: 'deadline',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'truncated',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too_large',
};

/**
 * Converts an error of the HTTP library to an UpstreamFailure.
 *
 * @param fallback fault of an error that has no fault of its own
 * @param timeout fault if `signal` has timed out
 */
export function toUpstreamFailure(
  cause: unknown,
  signal: AbortSignal,
  fallback: Fault,
  timeout: Fault = 'deadline',
): UpstreamFailure {
  if (signal.aborted) {
    return new UpstreamFailure(isTimeout(signal.reason) ? timeout : 'cancelled', { cause });
  }
  if (cause instanceof Error && cause.name === 'HTTPParserError') {
    // The parser's error contains the bytes that it could not parse, so it is not kept.
    return new UpstreamFailure('protocol', { cause: new Error('the response is not valid HTTP') });
  }
  return new UpstreamFailure(faultOfCode[errorCode(cause)] ?? fallback, { cause });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

function charsetOf(contentType = ''): string | undefined {
  for (const parameter of contentType.split(';').slice(1)) {
    const [name = '', value = ''] = parameter.toLowerCase().split('=', 2);
    if (name.trim() === 'charset') return value.trim().replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}

/** Returns the first value of a header. */
export function firstValue(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
