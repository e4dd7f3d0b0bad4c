import 'server-only';
import { createServerComponentClient } from '#client/server-component.tsx';
import { createServerCaller } from '#server/caller.ts';

/** The typed router for server components: no HTTP, no second copy of the types. */
export const { api, HydrateClient, prefetchError } = createServerComponentClient(createServerCaller());
