import 'server-only';
import { headers } from 'next/headers';
import { createServerComponentClient } from '#client/server-component.tsx';
import { createServerCaller } from '#server/trpc/caller.ts';
import { pageCaller } from './caller.ts';

/** Calls that a page makes count against the limits of its user or visitor, as calls from the browser do. */
const caller = createServerCaller({
  principal: pageCaller,
  userAgent: async () => (await headers()).get('user-agent'),
});

/** The typed router for server components, called in process. It infers its types from the router. */
export const { api, HydrateClient, prefetchError } = createServerComponentClient(caller);
