/**
 * The child process of `measureHandlerOverhead`. Alternates the same echo call between tRPC's bare fetch handler and the
 * product's whole handler, and prints one line of JSON: for each round, the throughput of the product's handler divided
 * by that of the bare handler.
 */
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { z } from 'zod';

process.env.RATE_LIMITS = 'light=100000000/60';
process.env.LOG_LEVEL = 'info';
Reflect.set(process.env, 'NODE_ENV', 'production');
// Log lines are produced, as in production, but do not mix with the result on standard output.
const writeResult = process.stdout.write.bind(process.stdout);

const { handleTrpc } = await import('#server/trpc/http/handler.ts');
const { routeHandler } = await import('#server/http/route-handlers.ts');
const callTrpc = routeHandler(handleTrpc);
const { createLogger, processLogger } = await import('#server/observability/log.ts');
processLogger.set(createLogger({ level: 'info', destination: { write: () => {} } }));

const t = initTRPC.create({ transformer: superjson });
const bareRouter = t.router({
  fixture: t.router({
    body: t.procedure
      .input(z.unknown())
      .output(z.object({ res: z.unknown() }))
      .mutation(({ input }) => ({ res: input })),
  }),
});

const body = JSON.stringify(superjson.serialize({ hello: 'world', when: new Date(0) }));
const makeRequest = () =>
  new Request('http://localhost/api/trpc/fixture.body', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1' },
    body,
  });

const contenders = {
  bare: () => fetchRequestHandler({ endpoint: '/api/trpc', req: makeRequest(), router: bareRouter }),
  product: () => callTrpc(makeRequest()),
};

/** Milliseconds for this many sequential calls, each with its response read. */
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
  const product = await time(contenders.product, calls);
  // The first round is a warm-up.
  if (round > 0) ratios.push(bare / product);
}
writeResult(`${JSON.stringify(ratios)}\n`);
process.exit(0);
