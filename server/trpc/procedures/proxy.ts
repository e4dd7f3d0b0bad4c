import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { rawEndpoint } from '../../config/paths.ts';
import { toJsonSchema } from '../../lib/json-schema.ts';
import type { EndpointResponseMeta } from '../../upstream-client/client.ts';
import {
  type CallEndpoint,
  type EndpointData,
  type EndpointInput,
  isRaw,
  type Upstream,
} from '../../upstream-client/endpoint.ts';
import { inputSchemaOf } from '../../upstream-client/input-schema.ts';
import type { EndpointCall } from '../../upstream-client/request.ts';
import { proxiedUpstreams } from '../../upstreams/index.ts';
import type { Context } from '../context.ts';
import { publicProcedure, router } from '../init.ts';
import type { ProcedureMeta } from '../procedure-meta.ts';

type EndpointOutput<E extends CallEndpoint> = { data: EndpointData<E>; meta: EndpointResponseMeta };

type EndpointProcedure<E extends CallEndpoint> = E['method'] extends 'GET'
  ? TRPCQueryProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>
  : TRPCMutationProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>;

/** The endpoints of an upstream that are procedures: all but the raw ones. */
type Procedures<E> = {
  [K in keyof E as E[K] extends CallEndpoint ? K : never]: E[K] extends CallEndpoint
    ? EndpointProcedure<E[K]>
    : never;
};

type ProxyRecord = {
  [U in keyof typeof proxiedUpstreams]: Procedures<(typeof proxiedUpstreams)[U]['endpoints']>;
};

const answerMeta = z.object({
  status: z.int().describe("The upstream's HTTP status"),
  ageSeconds: z.int().min(0),
  cache: z.enum(['miss', 'hit', 'stale']),
  headers: z.record(z.string(), z.string()).optional().describe('Those that the endpoint lets through'),
});

function procedureOf(upstream: Upstream, endpoint: CallEndpoint) {
  const procedure = publicProcedure({
    summary: endpoint.summary,
    description: `${endpoint.description} Forwarded to ${upstream.title}: ${endpoint.method} ${endpoint.template}.`,
    sensitive: true,
    rateLimit: 'upstream',
    // What the caller named does not exist, or the operator has not set where the upstream is.
    errors: ['not_found'],
  })
    .input(inputSchemaOf(endpoint))
    .output(z.object({ data: endpoint.answer.schema, meta: answerMeta }));
  const answer = ({
    ctx,
    input,
    signal,
  }: {
    ctx: Context;
    input: EndpointCall;
    signal: AbortSignal | undefined;
  }) =>
    ctx.services.upstreams.procedureAnswer(upstream, endpoint, { ...input, header: ctx.header }, { signal });
  return endpoint.method === 'GET' ? procedure.query(answer) : procedure.mutation(answer);
}

function generateProcedures(): ProxyRecord {
  const generated = Object.fromEntries(
    Object.entries<Upstream>(proxiedUpstreams).map(([name, upstream]) => [
      name,
      Object.fromEntries(
        Object.entries(upstream.endpoints).flatMap(([endpointName, endpoint]) =>
          isRaw(endpoint) ? [] : [[endpointName, procedureOf(upstream, endpoint)]],
        ),
      ),
    ]),
  );
  // TypeScript cannot follow a loop over differently typed endpoints. That the types are the declarations' own
  // is proven in tests/types and, at run time, by the schemas above.
  return generated as unknown as ProxyRecord;
}

const listedEndpoint = z.object({
  upstream: z.string(),
  name: z.string(),
  path: z.string().describe('The procedure to call; for a raw endpoint the path of its URL'),
  kind: z.enum(['query', 'mutation', 'raw']),
  method: z.string(),
  template: z.string(),
  summary: z.string(),
  input: z
    .record(z.string(), z.unknown())
    .describe('JSON Schema of the input; of a raw endpoint, of its segments'),
  example: z.unknown(),
  upload: z
    .object({ mediaTypes: z.array(z.string()), maxBytes: z.int() })
    .nullable()
    .describe('What a raw endpoint takes as its body'),
});

function listingOf(upstream: Upstream): z.infer<typeof listedEndpoint>[] {
  return Object.entries(upstream.endpoints).map(([name, endpoint]) => {
    const { method, template, summary, example } = endpoint;
    const raw = isRaw(endpoint);
    const { mediaTypes, maxBytes = limits.raw.bytes } = (raw && endpoint.upload) || {};
    return {
      upstream: upstream.name,
      name,
      path: raw ? `${rawEndpoint}/${upstream.name}${template}` : `proxy.${upstream.name}.${name}`,
      kind: raw ? 'raw' : method === 'GET' ? 'query' : 'mutation',
      method,
      template,
      summary,
      input: toJsonSchema(inputSchemaOf(endpoint), 'input'),
      example,
      upload: mediaTypes ? { mediaTypes: [...mediaTypes], maxBytes } : null,
    };
  });
}

const upstreamStatus = z.object({
  name: z.string(),
  title: z.string(),
  configured: z.boolean().describe('Whether the operator has set where it is'),
  breaker: z.enum(['closed', 'open', 'half_open']).describe('Open: nothing is sent for a moment'),
  running: z.int().describe('Calls that have a connection now'),
  waiting: z.int().describe('Calls that wait for one'),
  streams: z.int().describe('Downloads and uploads running now'),
  calls: z.int().describe('Since the start, answers out of the cache not counted'),
  failures: z.int(),
  retries: z.int(),
  lastFailure: z.object({ fault: z.string(), at: z.date() }).nullable(),
  latency: z
    .object({ median: z.number(), p95: z.number() })
    .nullable()
    .describe('Milliseconds, of the latest calls'),
  cache: z.object({ miss: z.int(), hit: z.int(), stale: z.int() }),
  bytesReceived: z.number(),
  bytesSent: z.number(),
});

export const proxy = router({
  endpoints: publicProcedure({
    summary: 'Lists every endpoint that the proxy forwards to',
    description:
      'The closed list: upstream, name, kind, method and path template, and what each takes as JSON Schema. Nothing outside this list can be reached. Those of upstreams that are not configured here are left out.',
    sensitive: true,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(z.array(listedEndpoint))
    .query(({ ctx }) =>
      Object.values<Upstream>(proxiedUpstreams)
        .filter((upstream) => upstream.origin(ctx.services.env) !== undefined)
        .flatMap(listingOf),
    ),

  status: publicProcedure({
    summary: 'Tells how each upstream is doing',
    description:
      'Every backend that this server calls, as this instance has seen it since its start: circuit breaker, calls in flight, failures, latency, cache.',
    sensitive: true,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(z.array(upstreamStatus))
    .query(({ ctx }) => ctx.services.upstreamStatus()),

  ...generateProcedures(),
});
