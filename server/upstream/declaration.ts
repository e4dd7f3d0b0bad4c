import type { z } from 'zod';
import type { Env } from '../env.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One thing that a backend offers. Callers fill in `params`, `query` and `body`; nothing else of the request is theirs. */
export type Endpoint = {
  method: HttpMethod;
  /** A path with named segments: `/repos/{owner}/{repo}`. */
  template: `/${string}`;
  summary: string;
  description: string;
  /** One string for each named segment of the template. */
  params?: z.ZodObject<Record<string, z.ZodType<string>>>;
  query?: z.ZodType<Record<string, string | number | boolean | undefined> | undefined>;
  /** Sent as JSON. */
  body?: z.ZodType<Record<string, unknown>>;
  answer: EndpointAnswer;
  /** Only reads, so its answers may be cached, whatever the method. Default: true for GET. */
  reads?: boolean;
  cache?: CacheWindows;
  /** 404 and 410 say that what the caller named does not exist, and are passed on as such. */
  mayBeMissing?: boolean;
  /** An input for documentation and the explorer. */
  example: unknown;
};

export type EndpointAnswer = {
  /** `json` is parsed; `text` is taken as it is. */
  kind: 'json' | 'text';
  /** Media types that are accepted, without parameters. Default: `application/json` for json. */
  mediaTypes?: readonly string[];
  schema: z.ZodType;
};

/** In milliseconds from the moment the answer was received. */
export type CacheWindows = {
  /** Answered from the cache without asking the upstream. */
  freshFor: number;
  /** May stand in when the upstream fails. */
  staleIfErrorFor: number;
};

/** A backend that this server calls: where it is, what it needs, what it offers. */
export type Upstream = {
  name: string;
  /** For people: on pages and in documentation. */
  title: string;
  /** Origin, perhaps with a path prefix, without a trailing slash. */
  baseUrl: (env: Env) => string;
  /** Headers of every request, credentials included. They go to this upstream's origin alone. */
  headers?: (env: Env) => Record<string, string>;
  endpoints: Record<string, Endpoint>;
};

/** Checks a declaration when the module is loaded, so that a mistake stops the start and not a request. */
export function defineUpstream<const U extends Upstream>(upstream: U): U {
  for (const [name, endpoint] of Object.entries<Endpoint>(upstream.endpoints)) {
    const where = `upstream ${upstream.name}, endpoint ${name}`;
    const segments = [...endpoint.template.matchAll(/\{(\w+)\}/g)].map(([, segment]) => segment).sort();
    const params = Object.keys(endpoint.params?.shape ?? {}).sort();
    if (segments.join() !== params.join()) {
      throw new Error(`${where}: the template names [${segments}], params have [${params}]`);
    }
    if (endpoint.method === 'GET' && endpoint.body) throw new Error(`${where}: GET takes no body`);
    if (endpoint.cache && !isRead(endpoint))
      throw new Error(`${where}: only an endpoint that reads can be cached`);
  }
  return upstream;
}

export function isRead(endpoint: Endpoint): boolean {
  return endpoint.reads ?? endpoint.method === 'GET';
}

type Part = 'params' | 'query' | 'body';

/** What a caller gives for an endpoint: its `params`, `query` and `body`, those it takes. */
export type EndpointInput<E extends Endpoint> = {
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
export type EndpointData<E extends Endpoint> = z.output<E['answer']['schema']>;
