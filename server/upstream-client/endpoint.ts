import type { z } from 'zod';
import type { Env } from '../config/env.ts';
import type { UpstreamPoolLimits } from './upstream-pool.ts';
import type { TokenTarget } from './user-token.ts';

type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type CommonEndpoint = {
  method: HttpMethod;
  /** Path with named segments: `/repos/{owner}/{repo}`. */
  template: `/${string}`;
  summary: string;
  description: string;
  /** One string for each named segment of the template. */
  params?: z.ZodObject<Record<string, z.ZodType<string>>>;
  query?: z.ZodType<Record<string, string | number | boolean | undefined> | undefined>;
  /** Headers of the caller's request that are forwarded, in lower case. Default: none. */
  requestHeaders?: readonly string[];
  /** Headers of the upstream's response that are forwarded to the caller, in lower case. Default: none. */
  responseHeaders?: readonly string[];
  /** Milliseconds, at most `limits.upstream.maxDeadline`. Default: `limits.upstream.deadline`. */
  deadline?: number;
  /** If true, 404 and 410 mean that the resource does not exist, and the caller gets `not_found`. */
  mayBeMissing?: boolean;
  /** If true, requests do not carry the upstream's credential. */
  anonymous?: boolean;
  /**
   * Who may call the endpoint through the proxy. `true`: anyone. `false`: service keys with the scope `proxy.<upstream>`.
   * Default: `true` for a GET without the upstream's credential, `false` for all others.
   */
  public?: boolean;
  /** Example input for the documentation and the explorer. */
  example: unknown;
};

/** An endpoint whose response is read into memory and validated. It becomes a procedure. */
export type CallEndpoint = CommonEndpoint & {
  /** Sent as JSON. */
  body?: z.ZodType<Record<string, unknown>>;
  answer: CallResponse;
  /**
   * Controls whether a call may be retried. `safe`: it only reads. `keyed`: each call carries an Idempotency-Key by
   * which the upstream recognises a retry. Default: `safe` for GET, `none` for the other methods.
   */
  idempotency?: 'safe' | 'keyed' | 'none';
  cache?: CacheWindows;
};

/** The declared response of a `CallEndpoint`. */
type CallResponse = {
  /** `json`: the body is parsed. `text`: the body is used as it is. */
  kind: 'json' | 'text';
  /** Accepted media types, without parameters. Default: `application/json` for json, `text/plain` for text. */
  mediaTypes?: readonly string[];
  schema: z.ZodType;
};

/** An endpoint whose bytes are streamed unchanged in both directions, at `/api/raw/<upstream>/<template's path>`. */
export type RawEndpoint = CommonEndpoint & {
  answer: {
    kind: 'raw';
    /** Accepted media types, without parameters. `anyMediaType` accepts any, and a response without one. */
    mediaTypes: readonly string[];
    /** Default: `limits.raw.bytes`. */
    maxBytes?: number;
    /** File name of a download, built from the template's names: `{repo}-{tag}.tar.gz`. */
    fileName: string;
    /** Seconds that browsers and shared caches may keep the response. Default: they must revalidate it every time. */
    publicFor?: number;
  };
  /** The request body that is accepted from the caller. Default: none. */
  upload?: {
    /** `anyMediaType` accepts any. */
    mediaTypes: readonly string[];
    /** Default: `limits.raw.bytes`. */
    maxBytes?: number;
  };
};

/** One operation of an upstream. Callers control only `params`, `query`, `body` and the declared request headers. */
export type Endpoint = CallEndpoint | RawEndpoint;

/** Ages in milliseconds since the response was received. Each is at least as long as the one before it. */
export type CacheWindows = {
  /** A younger entry is returned without a request to the upstream. */
  freshFor: number;
  /** A younger entry is returned while it is refreshed in the background. Default: `freshFor`, which disables this. */
  staleWhileRevalidateFor?: number;
  /** A younger entry is returned if the upstream fails. */
  staleIfErrorFor: number;
  /**
   * Scope of a cached response. `credential`: only requests with the same credential for the upstream share it (other
   * instances may have other credentials). `public`: all requests share it; only for requests without a credential.
   * Default: `credential`.
   */
  scope?: 'credential' | 'public';
};

/** A backend that this server calls. */
export type Upstream = {
  /** Name in `proxy.<name>` and `/api/raw/<name>`. */
  name: string;
  /** Name on pages and in the documentation. */
  title: string;
  /** Origin with an optional path prefix, without a trailing slash. Undefined if the upstream is not configured. */
  origin: (env: Env) => string | undefined;
  /** Fixed headers of every request. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Calls on behalf of users: requests carry an access token of the user (`Authorization: Bearer`), except those of
   * anonymous endpoints. The endpoints then are for signed-in users alone. Replaces `credential`.
   *
   * @returns whom the tokens are for
   */
  userToken?: (env: Env) => TokenTarget;
  /** A secret header. It is sent only to this upstream's origin and replaces any other header of the same name. */
  credential?: {
    header: string;
    /** Undefined if the credential is not configured. */
    value: (env: Env) => string | undefined;
  };
  /**
   * If true, the upstream belongs to the same operator and takes part in its traces: requests carry `traceparent` and
   * `tracestate`. Default: false, so that third parties see no trace ids.
   */
  internal?: boolean;
  /** Overrides of `limits.upstream`. */
  limits?: Partial<UpstreamPoolLimits>;
  endpoints: Record<string, Endpoint>;
};

export function isRaw(endpoint: Endpoint): endpoint is RawEndpoint {
  return endpoint.answer.kind === 'raw';
}

/** Returns whether the requests of an endpoint carry an access token of the user. */
export function isForUser(
  { userToken }: { userToken?: Upstream['userToken'] | undefined },
  { anonymous = false }: Pick<Endpoint, 'anonymous'>,
): boolean {
  return userToken !== undefined && !anonymous;
}

export function idempotencyOf(endpoint: Endpoint): 'safe' | 'keyed' | 'none' {
  if ('idempotency' in endpoint && endpoint.idempotency) return endpoint.idempotency;
  return endpoint.method === 'GET' ? 'safe' : 'none';
}

type Part = 'params' | 'query' | 'body';

/** Input of an endpoint: those of `params`, `query` and `body` that it declares. */
export type EndpointInput<E extends CallEndpoint> = {
  [P in Part as E[P] extends z.ZodType
    ? undefined extends z.input<E[P]>
      ? never
      : P
    : never]: E[P] extends z.ZodType ? z.input<E[P]> : never;
} & {
  [P in Part as E[P] extends z.ZodType
    ? undefined extends z.input<E[P]>
      ? P
      : never
    : never]?: E[P] extends z.ZodType ? z.input<E[P]> : never;
};

/** Parsed body of a response, in the output type of the endpoint's schema. */
export type EndpointData<E extends CallEndpoint> = z.output<E['answer']['schema']>;
