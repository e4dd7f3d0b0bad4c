import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { z } from 'zod';
import { parseEnv } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import { createServices, type Services } from '#server/services.ts';
import { type Context, createInnerContext } from '#server/trpc/context.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;

/** Where something can be thrown in a call. */
export const places = ['context', 'middleware', 'procedure', 'output', 'service'] as const;
export type ThrownIn = (typeof places)[number];

/** A router of the product's own procedures in which everything throws the same, each in its place. */
export function throwingRouter(thrown: unknown) {
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
      .query(({ ctx }) => ctx.services.weather.places({ name: 'x', count: 1 })),
    takes: publicProcedure(meta)
      .input(z.object({ n: z.int(), deep: z.object({ list: z.array(z.string()) }) }))
      .output(ok)
      .query(() => ({ ok: true })),
    wrongOutput: publicProcedure(meta)
      .input(z.void())
      .output(z.object({ ok: z.literal('expected-secret') }))
      // The declared type and the value differ, as when an upstream's schema lies.
      .query(() => Object.assign({ ok: 'expected-secret' as const }, JSON.parse('{"ok":"actual-secret"}'))),
  });
}

/** The product's services, with a weather service that throws. */
function servicesThrowing(thrown: unknown): Services {
  const services = createServices({ env: parseEnv({}), log: createLogger({ level: 'silent' }) });
  const fail = async (): Promise<never> => {
    throw thrown;
  };
  return { ...services, weather: { forecast: fail, places: fail } };
}

/** A request to the throwing router through tRPC's fetch adapter and the product's formatter. */
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

/** The same for one of the places where something is thrown. */
export function callThrowingIn(place: ThrownIn, thrown: unknown) {
  return place === 'context' ? call(thrown, 'fine', { inContext: true }) : call(thrown, place);
}
