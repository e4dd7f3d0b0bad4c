import { createHydrationHelpers } from '@trpc/react-query/rsc';
import { cache } from 'react';
import type { Caller } from '#server/trpc/caller.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { createQueryClient } from './query-client.ts';

/**
 * What server components call the router with:
 *
 * - `api.weather.forecast(input)` runs the procedure in this process and gives its data;
 * - `await api.weather.forecast.prefetch(input)` keeps the data for the hooks below `HydrateClient`, which then
 *   render with it on the server and ask for nothing in the browser. Always await it: a hook that renders
 *   before its data is there makes the two renders differ;
 * - `prefetchError()` is the error of a prefetch that failed; the hooks below will try again in the browser.
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
