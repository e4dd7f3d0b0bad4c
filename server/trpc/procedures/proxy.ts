import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { rawEndpoint } from '../../config/paths.ts';
import { toJsonSchema } from '../../lib/json-schema.ts';
import type { SignedInUser } from '../../principal.ts';
import { requiredScopeOf } from '../../upstream-client/access.ts';
import type { EndpointResponseMeta } from '../../upstream-client/client.ts';
import {
  type CallEndpoint,
  type EndpointData,
  type EndpointInput,
  isForUser,
  isRaw,
  type Upstream,
} from '../../upstream-client/endpoint.ts';
import { inputSchemaOf } from '../../upstream-client/input-schema.ts';
import type { EndpointCall } from '../../upstream-client/request.ts';
import { upstreamVersion } from '../../upstream-client/status.ts';
import { proxiedUpstreams } from '../../upstreams/index.ts';
import type { Context } from '../context.ts';
import { publicProcedure, router, serviceProcedure, statusProcedure, userProcedure } from '../init.ts';
import type { ProcedureMeta } from '../procedure-meta.ts';
import { changesOf, known, streamOptions } from '../stream-changes.ts';
import { streamOf } from '../stream-of.ts';

type EndpointOutput<E extends CallEndpoint> = { data: EndpointData<E>; meta: EndpointResponseMeta };

type EndpointProcedure<E extends CallEndpoint> = E['method'] extends 'GET'
  ? TRPCQueryProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>
  : TRPCMutationProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>;

/** The endpoints of an upstream that become procedures: all except the raw ones. */
type Procedures<E> = {
  [K in keyof E as E[K] extends CallEndpoint ? K : never]: E[K] extends CallEndpoint
    ? EndpointProcedure<E[K]>
    : never;
};

type ProxyRecord = {
  [U in keyof typeof proxiedUpstreams]: Procedures<(typeof proxiedUpstreams)[U]['endpoints']>;
};

const responseMeta = z.object({
  status: z.int().describe("The upstream's HTTP status"),
  ageSeconds: z.int().min(0),
  cache: z.enum(['miss', 'hit', 'stale']),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Response headers that the endpoint forwards'),
});

function procedureOf(upstream: Upstream, endpoint: CallEndpoint) {
  const scope = requiredScopeOf(upstream, endpoint);
  const meta: ProcedureMeta = {
    summary: endpoint.summary,
    description: `${endpoint.description} Forwarded to ${upstream.title}: ${endpoint.method} ${endpoint.template}.`,
    sensitive: true,
    rateLimit: 'upstream',
    // The resource does not exist, or the upstream is not configured.
    errors: ['not_found'],
  };
  const input = inputSchemaOf(endpoint);
  const output = z.object({ data: endpoint.answer.schema, meta: responseMeta });
  if (isForUser(upstream, endpoint)) return userProcedureOf(upstream, endpoint, { meta, input, output });
  const start = scope === undefined ? publicProcedure(meta) : serviceProcedure({ ...meta, scope });
  const procedure = start.input(input).output(output);
  const callEndpoint = ({
    ctx,
    input,
    signal,
  }: {
    ctx: Context;
    input: EndpointCall;
    signal: AbortSignal | undefined;
  }) =>
    ctx.services.upstreams.requestWithMeta(upstream, endpoint, { ...input, header: ctx.header }, { signal });
  return endpoint.method === 'GET' ? procedure.query(callEndpoint) : procedure.mutation(callEndpoint);
}

/** Returns the procedure of an endpoint that is called on behalf of users. */
function userProcedureOf(
  upstream: Upstream,
  endpoint: CallEndpoint,
  { meta, input, output }: { meta: ProcedureMeta; input: z.ZodObject; output: z.ZodObject },
) {
  const errors = [...(meta.errors ?? []), 'forbidden', 'reauthentication_required'] as const;
  const procedure = userProcedure({ ...meta, errors, sensitive: true, user: { session: true } })
    .input(input)
    .output(output);
  const callEndpoint = ({
    ctx,
    input: call,
    signal,
  }: {
    ctx: Context & { user: SignedInUser };
    input: EndpointCall;
    signal: AbortSignal | undefined;
  }) =>
    ctx.services.upstreams.requestWithMeta(
      upstream,
      endpoint,
      { ...call, header: ctx.header, user: ctx.services.identity?.callUser(ctx.user) },
      { signal },
    );
  return endpoint.method === 'GET' ? procedure.query(callEndpoint) : procedure.mutation(callEndpoint);
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
  // TypeScript cannot infer the types of a loop over differently typed endpoints. tests/types checks them, and the
  // schemas above validate the values at run time.
  return generated as unknown as ProxyRecord;
}

const listedEndpoint = z.object({
  upstream: z.string(),
  name: z.string(),
  path: z.string().describe('Path of the procedure; for a raw endpoint, the path of its URL'),
  kind: z.enum(['query', 'mutation', 'raw']),
  method: z.string(),
  template: z.string(),
  summary: z.string(),
  scope: z
    .string()
    .nullable()
    .describe('Scope that the service key of the caller must have; null if anyone may call, or any user'),
  user: z.boolean().describe('Called on behalf of a signed-in user, with an access token of that user'),
  input: z
    .record(z.string(), z.unknown())
    .describe('JSON Schema of the input; for a raw endpoint, of its path segments'),
  example: z.unknown(),
  upload: z
    .object({ mediaTypes: z.array(z.string()).describe('`*/*` if any is accepted'), maxBytes: z.int() })
    .nullable()
    .describe('Accepted request body of a raw endpoint; null if it accepts none'),
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
      scope: requiredScopeOf(upstream, endpoint) ?? null,
      user: isForUser(upstream, endpoint),
      input: toJsonSchema(inputSchemaOf(endpoint), 'input'),
      example,
      upload: mediaTypes ? { mediaTypes: [...mediaTypes], maxBytes } : null,
    };
  });
}

const upstreamStatus = z.object({
  name: z.string(),
  title: z.string(),
  configured: z.boolean().describe('Whether its address is configured'),
  breaker: z
    .enum(['closed', 'open', 'half_open'])
    .describe('Open: no calls are sent until the breaker is tried again'),
  running: z.int().describe('Calls that currently have a connection'),
  waiting: z.int().describe('Calls that wait for a connection'),
  streams: z.int().describe('Running downloads and uploads'),
  calls: z.int().describe('Calls since the start, without cache hits'),
  failures: z.int(),
  retries: z.int(),
  lastFailure: z.object({ fault: z.string(), at: z.date() }).nullable(),
  latency: z
    .object({ median: z.number(), p95: z.number() })
    .nullable()
    .describe('Milliseconds, over the latest calls'),
  cache: z.object({ miss: z.int(), hit: z.int(), stale: z.int() }),
  bytesReceived: z.number(),
  bytesSent: z.number(),
});

export const proxy = router({
  endpoints: publicProcedure({
    summary: 'Lists all endpoints that the proxy forwards to',
    description:
      'Returns upstream, name, kind, method, path template and the JSON Schema of the input. The list is closed: no other URL can be reached. Endpoints of upstreams that are not configured are left out.',
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

  status: statusProcedure({
    summary: 'Returns the status of each upstream',
    description:
      'Returns circuit breaker, calls in flight, failures, latency and cache use of each backend, as seen by this instance since its start. Where the status is not public, it requires a user with a role that the operator chose, or a service key with the scope `metrics`.',
    sensitive: true,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(z.array(upstreamStatus))
    .query(({ ctx }) => ctx.services.upstreamStatus()),

  watch: statusProcedure({
    summary: 'Streams the status of each upstream',
    description:
      'Sends the status of all backends, as proxy.status returns it, to the same callers, and each change, at most every two seconds.',
    sensitive: true,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(streamOf(z.array(upstreamStatus)))
    .subscription(({ ctx, signal }) =>
      changesOf(known(ctx.services.watchUpstreams(streamOptions(ctx, signal))), {
        ctx,
        versionOf: upstreamVersion,
      }),
    ),

  ...generateProcedures(),
});
