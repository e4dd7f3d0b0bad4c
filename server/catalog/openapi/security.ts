import { cookieNameOf } from '../../http/cookie.ts';
import { sessionCookie } from '../../http/session-cookie.ts';
import type { CatalogEntry } from '../catalog.ts';

type Security = readonly Record<string, readonly string[]>[];

/** The security requirements of an operation that needs no authentication. */
export const noSecurity: Security = [];

/** The part of a catalog entry that says who may call. */
type Access = Pick<CatalogEntry, 'scope' | 'user'>;

/**
 * Returns the security requirements of an operation. Service keys and users have rate limits of their own, so both are
 * also accepted where none is required. The required scope is in `x-scope`: the rules of Spectral accept scopes in `security` only for
 * OAuth and OpenID Connect.
 */
export function securityOf({ scope, user }: Access): {
  security: Security;
  'x-scope'?: string;
  'x-user'?: object;
} {
  const byUser: Security = [{ session: [] }, ...(user?.session ? [] : [{ accessToken: [] }])];
  if (user) return { security: byUser, 'x-user': user };
  if (scope === null) return { security: [{}, { serviceKey: [] }, ...byUser] };
  return { security: [{ serviceKey: [] }], 'x-scope': scope };
}

/** @param siteUrl public URL of this product */
export const securitySchemesOf = (siteUrl: string) => ({
  serviceKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A key that the operator issued to a service. Each key has its own rate limits and scopes. `x-scope` is the scope that an operation requires.',
  },
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of a user, for this API (RFC 9068). `/.well-known/oauth-protected-resource` says who gives it.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: cookieNameOf(sessionCookie, siteUrl),
    description:
      'The session of a signed-in user, which begins at /auth/sign-in. It counts only for requests of pages of this site. `x-user` names the roles and scopes that an operation requires, and the maximum time in milliseconds since the user signed in.',
  },
});
