import { z } from 'zod';
import { publicProcedure, router } from '../init.ts';

export const echo = router({
  body: publicProcedure({
    summary: 'Returns its input',
    description:
      'Returns any value unchanged: not only strings, numbers and objects, but also Date, Map, Set, bigint and undefined keep their types. Use it for a first call or to test a client.',
    sensitive: false,
    returnsInput: true,
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
    .output(z.object({ res: z.unknown().describe('Equal to the input, including its types') }))
    .mutation(({ input }) => ({ res: input })),

  request: publicProcedure({
    summary: 'Returns the request as the server received it',
    description:
      'The method, path, user agent and request id of the call, and the time at which it was received. The request id is also in the x-request-id header and in the log.',
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
