import { z } from 'zod';
import { publicProcedure, router, serviceProcedure } from '#server/trpc/init.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;

/** Items of the authorized calls of `stock`. */
export const ran: string[] = [];

/** A router with a procedure for services with the scope `write` and a public one. */
export const serviceRouter = router({
  stock: serviceProcedure({ ...meta, scope: 'write' })
    .input(z.strictObject({ item: z.string() }).meta({ examples: [{ item: 'pen' }] }))
    .output(z.object({ changed: z.string() }))
    .query(({ input }) => {
      ran.push(input.item);
      return { changed: input.item };
    }),
  open: publicProcedure(meta)
    .input(z.void())
    .output(z.literal('open'))
    .query(() => 'open' as const),
});
