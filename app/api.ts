import 'server-only';
import { headers } from 'next/headers';
import { createServerComponentClient } from '#client/server-component.tsx';
import { createServerCaller } from '#server/caller.ts';
import { visitorOf } from '#server/door/principal.ts';
import { env } from '#server/env.ts';

/** What a page does for a visitor is charged to that visitor, as if the browser had called. */
const caller = createServerCaller({
  principal: async () => visitorOf(await headers(), env().TRUSTED_PROXY_HOPS),
});

/** The typed router for server components: no HTTP, no second copy of the types. */
export const { api, HydrateClient, prefetchError } = createServerComponentClient(caller);
