import 'server-only';
import { headers } from 'next/headers';
import { cache } from 'react';
import { userOrVisitor, visitorPrincipal } from '#server/http/authenticate.ts';
import type { Principal, SignedInUser } from '#server/principal.ts';
import { services } from '#server/services.ts';

/** Returns the user or visitor for whom a page is rendered. A visit is a use of the session. */
export const pageCaller = cache(async (): Promise<Principal> => {
  const { env, identity } = services();
  const requestHeaders = await headers();
  if (!identity) return visitorPrincipal(requestHeaders, env.TRUSTED_PROXY_HOPS);
  const principal = await userOrVisitor(requestHeaders, env, identity);
  if (principal.kind === 'user') identity.touch(principal.user);
  return principal;
});

/** Returns the user for whom a page is rendered, or undefined for a visitor. */
export async function pageUser(): Promise<SignedInUser | undefined> {
  const principal = await pageCaller();
  return principal.kind === 'user' ? principal.user : undefined;
}
