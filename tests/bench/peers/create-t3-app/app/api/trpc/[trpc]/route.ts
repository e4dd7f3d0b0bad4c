import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import type { NextRequest } from 'next/server';
import { appRouter } from '../../../../server/root.ts';
import { createTRPCContext } from '../../../../server/trpc.ts';

const createContext = async (req: NextRequest) => createTRPCContext({ headers: req.headers });

const handler = (req: NextRequest) =>
  fetchRequestHandler({
    endpoint: '/api/trpc',
    req,
    router: appRouter,
    createContext: () => createContext(req),
    ...(process.env.NODE_ENV === 'development'
      ? {
          onError: ({ path, error }: { path: string | undefined; error: Error }) =>
            console.error(`tRPC failed on ${path ?? '<no-path>'}: ${error.message}`),
        }
      : {}),
  });

export { handler as GET, handler as POST };
