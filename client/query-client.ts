import { defaultShouldDehydrateQuery, QueryClient } from '@tanstack/react-query';
import { TRPCClientError } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '#server/trpc/router.ts';

/** Milliseconds for which data counts as fresh, so that the browser does not refetch what came with the page. */
const staleTime = 60_000;
const maxRetries = 2;

/** Creates a query client: one per request on the server, one per tab in the browser. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Calls fail immediately when offline. By default they would wait silently.
        networkMode: 'always',
        staleTime,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < maxRetries && isWorthRetrying(error),
      },
      mutations: { networkMode: 'always', retry: false },
      dehydrate: { serializeData: superjson.serialize, shouldDehydrateQuery: defaultShouldDehydrateQuery },
      hydrate: { deserializeData: superjson.deserialize },
    },
  });
}

/** Returns whether a retry can succeed: after a network or server error, but not after a 4xx. */
function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const known: TRPCClientError<AppRouter> = error;
  return known.data === undefined || known.data === null || known.data.httpStatus >= 500;
}
