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

const forecastSchema = z.object({ hourly: z.object({ temperature_2m: z.array(z.number().nullable()) }) });

const weather = createTRPCRouter({
  temperature: publicProcedure
    .input(z.object({ lat: z.number(), lng: z.number() }))
    .query(async ({ input }) => {
      const parameters = `latitude=${input.lat}&longitude=${input.lng}&hourly=temperature_2m&timezone=auto`;
      const response = await fetch(`${process.env.OPEN_METEO_URL}/v1/forecast?${parameters}`);
      const { hourly } = forecastSchema.parse(await response.json());
      return { now: hourly.temperature_2m[new Date().getUTCHours()] ?? null };
    }),
});

export const appRouter = createTRPCRouter({ fixture: echo, weather });
export type AppRouter = typeof appRouter;
