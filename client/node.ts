/**
 * The client for scripts and other services: the same types as the hooks, over HTTP.
 *
 * ```ts
 * const api = createScriptClient({ baseUrl: 'http://localhost:3000' });
 * const { status } = await api.email.status.query({ id });
 * ```
 */
import { createTRPCClient, type TRPCClient } from '@trpc/client';
import type { AppRouter } from '#server/trpc/router.ts';
import type { ApiError } from './errors.ts';
import { createLinks, type Fetch } from './links.ts';
import type { FetchWithProgress } from './upload-link.ts';

export { type ApiError, errorData, isApiError } from './errors.ts';
export { withProgress } from './upload-link.ts';

export type ScriptClientOptions = {
  /** Origin of the product, without a path. */
  baseUrl: string;
  /** Timeout of each attempt in milliseconds, except for forms and files. Default: 10,000. */
  timeout?: number;
  /**
   * Maximum number of retries. Only failed connections are retried, because the server cannot have received the call.
   * Default: 2.
   */
  retries?: number;
  /** Delay before the first retry in milliseconds. It doubles with each retry. Default: 200. */
  retryDelay?: number;
  headers?: () => Record<string, string>;
  /** Returns the access token of a user, or a service key. It is asked for each request. */
  token?: () => string | Promise<string>;
};

/**
 * Creates a typed client. Failed calls reject with an `ApiError`; `errorData(error)` returns its `reason`, `requestId`
 * and `fieldErrors`.
 */
export function createScriptClient(options: ScriptClientOptions): TRPCClient<AppRouter> {
  const { baseUrl, timeout = 10_000, retries = 2, retryDelay = 200, headers, token } = options;
  return createTRPCClient<AppRouter>({
    links: createLinks({
      url: new URL('/api/trpc', baseUrl).href,
      fetch: fetchWithRetries({ timeout, retries, retryDelay }),
      fetchWithProgress: fetchCounting,
      headers: async () => ({
        ...headers?.(),
        ...(token ? { authorization: `Bearer ${await token()}` } : {}),
      }),
    }),
  });
}

/** A subscription of a client. */
type Subscription<Input, Item> = {
  subscribe(
    input: Input,
    handlers: { onData: (item: Item) => void; onError: (error: ApiError) => void; onComplete: () => void },
  ): { unsubscribe(): void };
};

/**
 * Follows a subscription: `for await (const { data } of follow(api.email.watch, { id }))`. It reconnects after a
 * failure. Ends when the server ends it, or with the signal.
 *
 * @throws ApiError
 */
export async function* follow<Input, Item>(
  subscription: Subscription<Input, Item>,
  input: Input,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<Item, void, undefined> {
  const items: Item[] = [];
  let change = Promise.withResolvers<void>();
  let isOver = signal?.aborted === true;
  let failure: ApiError | undefined;
  function end(error?: ApiError): void {
    failure = error;
    isOver = true;
    change.resolve();
  }
  const abort = () => end();
  signal?.addEventListener('abort', abort, { once: true });
  const { unsubscribe } = subscription.subscribe(input, {
    onData(item) {
      items.push(item);
      change.resolve();
    },
    onError: end,
    onComplete: abort,
  });
  try {
    for (;;) {
      const item = items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (failure) throw failure;
      if (isOver) return;
      await change.promise;
      change = Promise.withResolvers();
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', abort);
  }
}

function fetchWithRetries(options: { timeout: number; retries: number; retryDelay: number }): Fetch {
  return async (input, init) => {
    for (let attempt = 0; ; attempt += 1) {
      const isUpload = typeof init?.body === 'object' && init.body !== null;
      const timeout = isUpload ? [] : [AbortSignal.timeout(options.timeout)];
      const signal = AbortSignal.any([...(init?.signal ? [init.signal] : []), ...timeout]);
      try {
        return await fetch(String(input), {
          method: init?.method ?? 'GET',
          signal,
          ...(init?.headers ? { headers: new Headers(Object.entries(init.headers)) } : {}),
          ...(init?.body === undefined ? {} : { body: init.body }),
        });
      } catch (error) {
        if (attempt >= options.retries || !isConnectError(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, options.retryDelay * 2 ** attempt));
      }
    }
  };
}

/** Counts the bytes as they are sent. They cannot be sent a second time. */
const fetchCounting: FetchWithProgress = (onProgress) => async (url, init) => {
  const { body = null, method = 'POST', signal } = init ?? {};
  const written = new Response(body);
  const headers = new Headers(Object.entries(init?.headers ?? {}));
  const type = headers.get('content-type') ?? written.headers.get('content-type');
  if (type !== null) headers.set('content-type', type);
  const total = sizeOf(body);
  let loaded = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      loaded = Math.min(total, loaded + chunk.byteLength);
      onProgress({ loaded, total });
      controller.enqueue(chunk);
    },
  });
  const stream = written.body?.pipeThrough(counter) ?? null;
  const request = { method, headers, body: stream, duplex: 'half', ...(signal ? { signal } : {}) } as const;
  return fetch(String(url), request);
};

/** Returns the size of the files in a body, in bytes. */
function sizeOf(body: unknown): number {
  if (body instanceof FormData) {
    return [...body.values()].reduce((size, value) => size + (typeof value === 'string' ? 0 : value.size), 0);
  }
  if (body instanceof Blob) return body.size;
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** Errors that occur before any byte of the request is sent. */
const connectErrorCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function isConnectError(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError) return cause.errors.every(hasConnectErrorCode);
  return hasConnectErrorCode(cause);
}

function hasConnectErrorCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && connectErrorCodes.has(String(error.code));
}
