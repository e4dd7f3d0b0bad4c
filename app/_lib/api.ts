import 'server-only';
import { headers } from 'next/headers';
import { createServerComponentClient } from '#client/server-component.tsx';
import { env } from '#server/config/env.ts';
import { visitorPrincipal } from '#server/http/authenticate.ts';
import { createServerCaller } from '#server/trpc/caller.ts';

/** What a page does for a visitor is charged to that visitor, as if the browser had called. */
const caller = createServerCaller({
  principal: async () => visitorPrincipal(await headers(), env().TRUSTED_PROXY_HOPS),
});

/** The typed router for server components: no HTTP, no second copy of the types. */
export const { api, HydrateClient, prefetchError } = createServerComponentClient(caller);
