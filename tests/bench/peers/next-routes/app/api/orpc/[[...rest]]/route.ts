import { os } from '@orpc/server';
import { RPCHandler } from '@orpc/server/fetch';
import { BatchHandlerPlugin } from '@orpc/server/plugins';
import { z } from 'zod';

const base = os.$context<{ headers: Headers }>();

const router = {
  echo: {
    body: base
      .input(z.unknown())
      .output(z.object({ res: z.unknown() }))
      .handler(({ input }) => ({ res: input })),
    request: base
      .output(z.object({ userAgent: z.string().nullable(), receivedAt: z.date() }))
      .handler(({ context }) => ({
        userAgent: context.headers.get('user-agent'),
        receivedAt: new Date(),
      })),
  },
};

const handler = new RPCHandler(router, { plugins: [new BatchHandlerPlugin()] });

/** oRPC's own protocol mounted in Next as its documentation shows: dates and similar values keep their types. */
async function handle(request: Request): Promise<Response> {
  const { response } = await handler.handle(request, {
    prefix: '/api/orpc',
    context: { headers: request.headers },
  });
  return response ?? new Response('Not found', { status: 404 });
}

export { handle as GET, handle as POST };
