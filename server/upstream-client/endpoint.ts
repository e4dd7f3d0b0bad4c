import type { z } from 'zod';
import type { Env } from '../config/env.ts';
import type { UpstreamPoolLimits } from './upstream-pool.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type CommonEndpoint = {
  method: HttpMethod;
  /** A path with named segments: `/repos/{owner}/{repo}`. */
  template: `/${string}`;
  summary: string;
  description: string;
  /** One string for each named segment of the template. */
  params?: z.ZodObject<Record<string, z.ZodType<string>>>;
  query?: z.ZodType<Record<string, string | number | boolean | undefined> | undefined>;
  /** Headers of the caller's request that go along, in lower case. Default: none. */
  requestHeaders?: readonly string[];
  /** Headers of the upstream's answer that the caller gets, in lower case. Default: none. */
  responseHeaders?: readonly string[];
  /** Milliseconds, at most `limits.upstream.longestDeadline`. Default: `limits.upstream.deadline`. */
  deadline?: number;
  /** 404 and 410 say that what the caller named does not exist, and are passed on as such. */
  mayBeMissing?: boolean;
  /** Asked without the upstream's credential. */
  anonymous?: boolean;
  /** An input for documentation and the explorer. */
  example: unknown;
};

/** An answer that is read whole and checked: it becomes a procedure. */
export type CallEndpoint = CommonEndpoint & {
  /** Sent as JSON. */
  body?: z.ZodType<Record<string, unknown>>;
  answer: CallAnswer;
  /**
   * Whether a call may be repeated, by the engine's own retries. `safe`: it only reads. `keyed`: each call carries an
   * Idempotency-Key by which the upstream knows a repetition. Default: `safe` for GET, `none` for the rest.
   */
  idempotency?: 'safe' | 'keyed' | 'none';
  cache?: CacheWindows;
};

export type CallAnswer = {
  /** `json` is parsed; `text` is taken as it is. */
  kind: 'json' | 'text';
  /** Media types that are accepted, without parameters. Default: `application/json` for json, `text/plain` for text. */
  mediaTypes?: readonly string[];
  schema: z.ZodType;
};

/** Bytes that are passed on as they come, in both directions, at `/api/raw/<upstream>/<path of the template>`. */
export type RawEndpoint = CommonEndpoint & {
  answer: {
    kind: 'raw';
    /** Media types that are passed on, without parameters. */
    mediaTypes: readonly string[];
    /** Default: `limits.raw.bytes`. */
    maxBytes?: number;
    /** What a browser saves it as, from the template's names: `{repo}-{tag}.tar.gz`. */
    fileName: string;
    /** Seconds that browsers and caches in between may keep it. Default: it is asked for anew each time. */
    publicFor?: number;
  };
  /** What is taken to send on. Default: nothing. */
  upload?: {
    mediaTypes: readonly string[];
    /** Default: `limits.raw.bytes`. */
    maxBytes?: number;
  };
};

/** One thing that a backend offers. Callers fill in `params`, `query` and `body`; nothing else of the request is theirs. */
export type Endpoint = CallEndpoint | RawEndpoint;

/** Ages in milliseconds, counted from the moment the answer was received; each at least the one before it. */
export type CacheWindows = {
  /** Answered from the cache without asking the upstream. */
  freshFor: number;
  /** Answered from the cache while a newer answer is fetched. Default: as `freshFor`, which is none of it. */
  staleWhileRevalidateFor?: number;
  /** May stand in when the upstream fails. */
  staleIfErrorFor: number;
  /**
   * Who may get what was fetched: `credential`, whoever asks by the same credential of the upstream (shared instances
   * may have others), or `public`, anybody, for what is asked without one. Default: `credential`.
   */
  scope?: 'credential' | 'public';
};

/** A backend that this server calls: where it is, what it needs, what it offers. */
export type Upstream = {
  /** As in `proxy.<name>` and `/api/raw/<name>`. */
  name: string;
  /** For people: on pages and in documentation. */
  title: string;
  /** Origin, perhaps with a path prefix, without a trailing slash; undefined where the operator has set none. */
  origin: (env: Env) => string | undefined;
  /** Fixed headers of every request. */
  headers?: Readonly<Record<string, string>>;
  /** A secret header, which goes to this upstream's origin alone and wins over any other of its name. */
  credential?: {
    header: string;
    /** Undefined where the operator has set none. */
    value: (env: Env) => string | undefined;
  };
  /**
   * It belongs to the same house and takes part in its traces: requests carry `traceparent` and `tracestate`. Default:
   * false, and others learn nothing of them.
   */
  internal?: boolean;
  /** Where this upstream differs from `limits.upstream`. */
  limits?: Partial<UpstreamPoolLimits>;
  endpoints: Record<string, Endpoint>;
};

export function isRaw(endpoint: Endpoint): endpoint is RawEndpoint {
  return endpoint.answer.kind === 'raw';
}

export function idempotencyOf(endpoint: Endpoint): 'safe' | 'keyed' | 'none' {
  if ('idempotency' in endpoint && endpoint.idempotency) return endpoint.idempotency;
  return endpoint.method === 'GET' ? 'safe' : 'none';
}

type Part = 'params' | 'query' | 'body';

/** What a caller gives for an endpoint: its `params`, `query` and `body`, those it takes. */
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

/** What the upstream said, as the endpoint's schema has it. */
export type EndpointData<E extends CallEndpoint> = z.output<E['answer']['schema']>;
