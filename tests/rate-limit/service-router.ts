import { z } from 'zod';
import { publicProcedure, router, serviceProcedure } from '#server/trpc/init.ts';

const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;

/** What `stock` was called for, by those who were let through. */
export const ran: string[] = [];

/** A procedure for services with the scope `write`, beside one for anyone. */
export const serviceRouter = router({
  stock: serviceProcedure({ ...meta, scope: 'write' })
    .input(z.object({ item: z.string() }).meta({ examples: [{ item: 'pen' }] }))
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
