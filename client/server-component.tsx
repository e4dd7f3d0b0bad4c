import { createHydrationHelpers } from '@trpc/react-query/rsc';
import { cache } from 'react';
import type { Caller } from '#server/trpc/caller.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { createQueryClient } from './query-client.ts';

/**
 * Creates the functions with which server components call the router:
 *
 * - `api.orders.list(input)` runs the procedure in this process and returns its output.
 * - `await api.orders.list.prefetch(input)` stores the output for the hooks below `HydrateClient`. They render it
 *   on the server and do not refetch it in the browser. Always await it: if a hook renders before its data is
 *   available, the server's and the browser's renders differ.
 * - `prefetchError()` returns the error of a failed prefetch. The hooks below retry in the browser.
 */
export function createServerComponentClient(caller: Caller) {
  const requestQueryClient = cache(createQueryClient);
  const { trpc: api, HydrateClient } = createHydrationHelpers<AppRouter>(caller, requestQueryClient);

  function prefetchError(): Error | undefined {
    const failed = requestQueryClient()
      .getQueryCache()
      .getAll()
      .find((query) => query.state.status === 'error');
    return failed?.state.error ?? undefined;
  }

  return { api, HydrateClient, prefetchError };
}
