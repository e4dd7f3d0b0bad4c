/**
 * The process of `measureDoor`: the same echo call through tRPC's fetch handler alone and through the whole door, in turn.
 * It ends with one line of JSON: for each round, the door's calls a second of the bare handler's.
 */
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { z } from 'zod';

process.env.RATE_LIMITS = 'light=100000000/60';
process.env.LOG_LEVEL = 'info';
Reflect.set(process.env, 'NODE_ENV', 'production');
// The log is written, as in production, but not onto this screen.
const screen = process.stdout.write.bind(process.stdout);

const { handleTrpc } = await import('#server/trpc/http/handler.ts');
const { routeHandler } = await import('#server/http/route-handlers.ts');
const callTrpc = routeHandler(handleTrpc);
const { createLogger } = await import('#server/observability/log.ts');
const { singleton } = await import('#server/lib/singleton.ts');
singleton('log', () => createLogger({ level: 'info', destination: { write: () => {} } }));

const t = initTRPC.create({ transformer: superjson });
const bareRouter = t.router({
  echo: t.router({
    body: t.procedure
      .input(z.unknown())
      .output(z.object({ res: z.unknown() }))
      .mutation(({ input }) => ({ res: input })),
  }),
});

const body = JSON.stringify(superjson.serialize({ hello: 'world', when: new Date(0) }));
const makeRequest = () =>
  new Request('http://localhost/api/trpc/echo.body', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1' },
    body,
  });

const contenders = {
  bare: () => fetchRequestHandler({ endpoint: '/api/trpc', req: makeRequest(), router: bareRouter }),
  door: () => callTrpc(makeRequest()),
};

/** Milliseconds for a number of calls, one after the other, each answer read. */
async function time(call: () => Promise<Response>, calls: number): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < calls; done += 1) await (await call()).text();
  return performance.now() - startedAt;
}

const calls = 3_000;
const rounds = 9;
const ratios: number[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const bare = await time(contenders.bare, calls);
  const door = await time(contenders.door, calls);
  // The first round warms up.
  if (round > 0) ratios.push(bare / door);
}
screen(`${JSON.stringify(ratios)}\n`);
process.exit(0);
