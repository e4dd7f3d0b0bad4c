import { z } from 'zod';
import { createTRPCRouter, publicProcedure } from './trpc.ts';

const echo = createTRPCRouter({
  body: publicProcedure
    .input(z.unknown())
    .output(z.object({ res: z.unknown() }))
    .mutation(({ input }) => ({ res: input })),
  request: publicProcedure
    .input(z.void())
    .output(z.object({ userAgent: z.string().nullable(), receivedAt: z.date() }))
    .query(({ ctx }) => ({ userAgent: ctx.headers.get('user-agent'), receivedAt: new Date() })),
});

export const appRouter = createTRPCRouter({ echo });
