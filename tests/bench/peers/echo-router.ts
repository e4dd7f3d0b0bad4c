import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { z } from 'zod';

type RequestContext = { method: string; pathname: string; userAgent: string | null };

const t = initTRPC.context<RequestContext>().create({ transformer: superjson });

/** The product's echo procedures alone, for tRPC's own adapters. */
export const echoRouter = t.router({
  fixture: t.router({
    body: t.procedure
      .input(z.unknown())
      .output(z.object({ res: z.unknown() }))
      .mutation(({ input }) => ({ res: input })),
    request: t.procedure
      .input(z.void())
      .output(
        z.object({
          method: z.string(),
          pathname: z.string(),
          userAgent: z.string().nullable(),
          receivedAt: z.date(),
        }),
      )
      .query(({ ctx }) => ({ ...ctx, receivedAt: new Date() })),
  }),
});
