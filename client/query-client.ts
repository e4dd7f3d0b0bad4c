import { defaultShouldDehydrateQuery, QueryClient } from '@tanstack/react-query';
import { TRPCClientError } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '#server/trpc/router.ts';

/** Data that came with the page counts as fresh this long, so that the browser does not ask for it again. */
const staleTime = 60_000;
const maxRetries = 2;

/** One for each request on the server, one for each tab in the browser. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Offline a call fails and says so, instead of waiting without a word.
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

/** A refusal stays one; what failed on the way or at an upstream may pass. */
function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const known: TRPCClientError<AppRouter> = error;
  return known.data === undefined || known.data === null || known.data.httpStatus >= 500;
}
