import 'server-only';
import { headers } from 'next/headers';
import { createServerComponentClient } from '#client/server-component.tsx';
import { env } from '#server/config/env.ts';
import { visitorPrincipal } from '#server/http/authenticate.ts';
import { createServerCaller } from '#server/trpc/caller.ts';

/** Calls that a page makes for a visitor count against that visitor's rate limits, as calls from the browser do. */
const caller = createServerCaller({
  principal: async () => visitorPrincipal(await headers(), env().TRUSTED_PROXY_HOPS),
});

/** The typed router for server components, called in process. It infers its types from the router. */
export const { api, HydrateClient, prefetchError } = createServerComponentClient(caller);
