import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { z } from 'zod';
import { parseEnv } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import { createServices, type Services } from '#server/services.ts';
import { type Context, createInnerContext } from '#server/trpc/context.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import { search } from '#tests/fixtures/upstreams/search.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;

/** The parts of a call that can throw. */
export const throwingParts = ['context', 'middleware', 'procedure', 'output', 'service'] as const;
type ThrowingPart = (typeof throwingParts)[number];

/** Returns a router of the product's own procedures, each of which throws the value in another part of the call. */
function throwingRouter(thrown: unknown) {
  const fail = (): never => {
    throw thrown;
  };
  const ok = z.object({ ok: z.boolean() });
  return router({
    fine: publicProcedure(meta)
      .input(z.void())
      .output(ok)
      .query(() => ({ ok: true })),
    middleware: publicProcedure(meta)
      .use(fail)
      .input(z.void())
      .output(ok)
      .query(() => ({ ok: true })),
    procedure: publicProcedure(meta).input(z.void()).output(ok).query(fail),
    output: publicProcedure(meta)
      .input(z.void())
      .output(ok.refine(fail))
      .query(() => ({ ok: true })),
    service: publicProcedure(meta)
      .input(z.void())
      .output(z.array(z.object({ name: z.string() })))
      .query(async ({ ctx }) => {
        const query = { name: 'x', count: 1 };
        const { data } = await ctx.services.upstreams.request(search, search.endpoints.byName, { query });
        return data.results;
      }),
    takes: publicProcedure(meta)
      .input(z.object({ n: z.int(), deep: z.object({ list: z.array(z.string()) }) }))
      .output(ok)
      .query(() => ({ ok: true })),
    wrongOutput: publicProcedure(meta)
      .input(z.void())
      .output(z.object({ ok: z.literal('expected-secret') }))
      // The value does not match its declared type, as with a wrong schema of an upstream.
      .query(() => Object.assign({ ok: 'expected-secret' as const }, JSON.parse('{"ok":"actual-secret"}'))),
  });
}

/** Returns the product's services with an upstream client that throws. */
function servicesThrowing(thrown: unknown): Services {
  const services = createServices({ env: parseEnv({}), log: createLogger({ level: 'silent' }) });
  const fail = async (): Promise<never> => {
    throw thrown;
  };
  return { ...services, upstreams: { ...services.upstreams, request: fail } };
}

/** Sends a request to the throwing router, through tRPC's fetch adapter and the product's error formatter. */
export async function call(
  thrown: unknown,
  path: string,
  options: { inContext?: boolean; input?: unknown; url?: string } = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const input =
    options.input === undefined
      ? ''
      : `?input=${encodeURIComponent(JSON.stringify(superjson.serialize(options.input)))}`;
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    req: new Request(options.url ?? `http://localhost/api/trpc/${path}${input}`),
    router: throwingRouter(thrown),
    createContext: (): Context => {
      if (options.inContext) throw thrown;
      return createInnerContext({ services: servicesThrowing(thrown), requestId: 'request-1' });
    },
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Sends a request that fails in the given part of the call. */
export function callThrowingIn(part: ThrowingPart, thrown: unknown) {
  return part === 'context' ? call(thrown, 'fine', { inContext: true }) : call(thrown, part);
}
