import { createTRPCClient, getUntypedClient, TRPCClientError } from '@trpc/client';
import type { AppRouter } from '#server/trpc/router.ts';
import { type ApiError, isApiError } from './errors.ts';
import { createLinks } from './links.ts';

/** The state of a rate-limit bucket after a call, from the RateLimit header. */
type RemainingRateLimit = { name: string; remaining: number; resetSeconds: number };

/** The result of a call and the metadata of its response. */
export type ObservedCall = {
  outcome: { data: unknown } | { error: ApiError };
  /** Time from sending the request to reading the last byte, in milliseconds. */
  durationMs: number;
  /** The HTTP status. This and the fields below are unset or empty if the server did not respond. */
  status: number | undefined;
  /** Time from sending the request to receiving the headers of the response, in milliseconds. */
  headersMs: number | undefined;
  /** The headers of the response in alphabetical order. */
  headers: readonly (readonly [name: string, value: string])[];
  requestId: string | undefined;
  rateLimits: readonly RemainingRateLimit[];
};

/**
 * Calls a procedure by its path in a separate request, over the same links as the typed clients.
 *
 * @param call.serviceKey sent as a Bearer token
 */
export async function observeCall(call: {
  path: string;
  type: 'query' | 'mutation';
  input: unknown;
  serviceKey?: string | undefined;
}): Promise<ObservedCall> {
  const { path, type, input, serviceKey } = call;
  let response: Response | undefined;
  let headersMs: number | undefined;
  const client = createTRPCClient<AppRouter>({
    links: createLinks({
      url: '/api/trpc',
      headers: (): Record<string, string> => (serviceKey ? { authorization: `Bearer ${serviceKey}` } : {}),
      fetch: async (url, init) => {
        response = await fetch(String(url), {
          method: init?.method ?? 'GET',
          ...(init?.headers ? { headers: new Headers(Object.entries(init.headers)) } : {}),
          ...(init?.body === undefined ? {} : { body: init.body }),
        });
        headersMs = performance.now() - startedAt;
        return response;
      },
    }),
  });
  const untyped = getUntypedClient(client);
  const startedAt = performance.now();
  const outcome = await (type === 'query' ? untyped.query(path, input) : untyped.mutation(path, input)).then(
    (data: unknown) => ({ data }),
    (error: unknown) => ({ error: toApiError(error) }),
  );
  return {
    outcome,
    durationMs: performance.now() - startedAt,
    status: response?.status,
    headersMs,
    headers: response ? [...response.headers] : [],
    requestId: response?.headers.get('x-request-id') ?? undefined,
    rateLimits: readRateLimits(response?.headers.get('ratelimit') ?? ''),
  };
}

function toApiError(error: unknown): ApiError {
  if (isApiError(error)) return error;
  return TRPCClientError.from<AppRouter>(error instanceof Error ? error : new Error(String(error)));
}

/** Parses a RateLimit header (draft-ietf-httpapi-ratelimit-headers-11): `"light";r=299;t=60, …`. */
function readRateLimits(header: string): RemainingRateLimit[] {
  return [...header.matchAll(/"(\w+)";r=(\d+);t=(\d+)/g)].map(([, name = '', remaining, resetSeconds]) => ({
    name,
    remaining: Number(remaining),
    resetSeconds: Number(resetSeconds),
  }));
}
