import { z } from 'zod';
import { publicProcedure, router } from '../init.ts';

export const echo = router({
  body: publicProcedure({
    summary: 'Returns what it was sent',
    description:
      'Sends any value there and back: strings, numbers and objects, and also Date, Map, Set, bigint and undefined keep their types on the way. Good for a first call and for checking a client.',
    sensitive: false,
    rateLimit: 'light',
  })
    .input(
      z
        .unknown()
        .describe('Any superjson value')
        .meta({
          examples: [
            { hello: 'world' },
            { sentAt: new Date('2026-03-29T12:00:00.000Z'), tags: new Set(['a']) },
          ],
        }),
    )
    .output(z.object({ res: z.unknown().describe('Equal to the input, types kept') }))
    .mutation(({ input }) => ({ res: input })),

  request: publicProcedure({
    summary: 'Tells what this server saw of the request',
    description:
      'The method, path, user agent and request id of the call as they arrived here, and the time. The request id is the one in the x-request-id header and in the log.',
    sensitive: false,
    rateLimit: 'light',
  })
    .input(z.void())
    .output(
      z.object({
        method: z.string().describe('HTTP method, or CALL for a direct call on the server'),
        pathname: z.string().describe("The URL's path, without the query"),
        requestId: z.string(),
        userAgent: z.string().nullable(),
        receivedAt: z.date(),
      }),
    )
    .query(({ ctx }) => ({ ...ctx.request, requestId: ctx.requestId, receivedAt: new Date() })),
});
