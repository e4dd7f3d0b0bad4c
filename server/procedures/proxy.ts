import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import { toJsonSchema } from '../json-schema.ts';
import type { ProcedureMeta } from '../procedure-meta.ts';
import { publicProcedure, router } from '../trpc.ts';
import type { EndpointAnswerMeta } from '../upstream/client.ts';
import type { Endpoint, EndpointData, EndpointInput, Upstream } from '../upstream/declaration.ts';
import { inputSchemaOf } from '../upstream/input-schema.ts';
import { proxiedUpstreams } from '../upstreams/index.ts';

type EndpointOutput<E extends Endpoint> = { data: EndpointData<E>; meta: EndpointAnswerMeta };

type EndpointProcedure<E extends Endpoint> = E['method'] extends 'GET'
  ? TRPCQueryProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>
  : TRPCMutationProcedure<{ input: EndpointInput<E>; output: EndpointOutput<E>; meta: ProcedureMeta }>;

type ProxyRecord = {
  [U in keyof typeof proxiedUpstreams]: {
    [E in keyof (typeof proxiedUpstreams)[U]['endpoints']]: (typeof proxiedUpstreams)[U]['endpoints'][E] extends Endpoint
      ? EndpointProcedure<(typeof proxiedUpstreams)[U]['endpoints'][E]>
      : never;
  };
};

const answerMeta = z.object({
  status: z.int().describe("The upstream's HTTP status"),
  ageSeconds: z.int().min(0),
  cache: z.enum(['miss', 'hit', 'stale']),
});

function procedureOf(upstream: Upstream, endpoint: Endpoint) {
  const procedure = publicProcedure({
    summary: endpoint.summary,
    description: `${endpoint.description} Forwarded to ${upstream.title}: ${endpoint.method} ${endpoint.template}.`,
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(inputSchemaOf(endpoint))
    .output(z.object({ data: endpoint.answer.schema, meta: answerMeta }));
  return endpoint.method === 'GET'
    ? procedure.query(({ ctx, input, signal }) =>
        ctx.services.upstreams.cached(upstream, endpoint, input, signal),
      )
    : procedure.mutation(({ ctx, input, signal }) =>
        ctx.services.upstreams.cached(upstream, endpoint, input, signal),
      );
}

function generateProcedures(): ProxyRecord {
  const generated = Object.fromEntries(
    Object.entries<Upstream>(proxiedUpstreams).map(([name, upstream]) => [
      name,
      Object.fromEntries(
        Object.entries(upstream.endpoints).map(([endpointName, endpoint]) => [
          endpointName,
          procedureOf(upstream, endpoint),
        ]),
      ),
    ]),
  );
  // TypeScript cannot follow a loop over differently typed endpoints. That the types are the declarations' own
  // is proven in tests/types and, at run time, by the schemas above.
  return generated as unknown as ProxyRecord;
}

export const proxy = router({
  endpoints: publicProcedure({
    summary: 'Lists every endpoint that the proxy forwards to',
    description:
      'The closed list: upstream, name, kind, method and path template, and what each takes as JSON Schema. Nothing outside this list can be reached.',
    sensitive: true,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(
      z.array(
        z.object({
          upstream: z.string(),
          name: z.string(),
          path: z.string().describe('The procedure to call'),
          kind: z.enum(['query', 'mutation']),
          method: z.string(),
          template: z.string(),
          summary: z.string(),
          input: z.record(z.string(), z.unknown()).describe('JSON Schema of the input'),
          example: z.unknown(),
        }),
      ),
    )
    .query(() =>
      Object.values<Upstream>(proxiedUpstreams).flatMap((upstream) =>
        Object.entries(upstream.endpoints).map(([name, endpoint]) => ({
          upstream: upstream.name,
          name,
          path: `proxy.${upstream.name}.${name}`,
          kind: endpoint.method === 'GET' ? ('query' as const) : ('mutation' as const),
          method: endpoint.method,
          template: endpoint.template,
          summary: endpoint.summary,
          input: toJsonSchema(inputSchemaOf(endpoint), 'input'),
          example: endpoint.example,
        })),
      ),
    ),

  ...generateProcedures(),
});
