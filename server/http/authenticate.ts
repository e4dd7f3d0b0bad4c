import type { Env } from '../config/env.ts';
import { isAppError } from '../errors.ts';
import type { Principal, SessionSource, UserSource } from '../principal.ts';
import { bearerChallenge } from './challenge.ts';
import { clientAddressOf } from './client-address.ts';
import { HttpError } from './http-error.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { bearerTokenOf, findService } from './service-key.ts';
import { sessionCookieOf } from './session-cookie.ts';

type AuthenticationSettings = Pick<Env, 'SERVICE_KEYS' | 'TRUSTED_PROXY_HOPS' | 'SITE_URL' | 'OIDC_ISSUER'>;

/**
 * Returns the principal of a request: the service whose key it carries, the user whose access token it carries or whose
 * session cookie counts, otherwise the visitor at its client address. Only a token or a cookie makes it a promise.
 *
 * @param users undefined where users cannot sign in, or for a route that knows no users
 * @throws HttpError `unauthorized` for an unknown key or token, so that a mistyped one does not go unnoticed, or
 * `identity_unavailable`
 */
export function authenticate(request: HttpRequest, env: AuthenticationSettings): Principal;
export function authenticate(
  request: HttpRequest,
  env: AuthenticationSettings,
  users: UserSource | undefined,
): Principal | Promise<Principal>;
export function authenticate(
  request: HttpRequest,
  env: AuthenticationSettings,
  users?: UserSource,
): Principal | Promise<Principal> {
  const token = bearerTokenOf(request);
  if (token !== undefined) {
    const service = token === null ? undefined : findService(token, env.SERVICE_KEYS);
    if (service) return service;
    if (users && token !== null && isJwt(token)) return ownerOfToken(token, env, users);
    throw unknownToken(env, users);
  }
  return users?.sessions
    ? userOrVisitor(request.headers, env, users.sessions)
    : visitorPrincipal(request.headers, env.TRUSTED_PROXY_HOPS);
}

function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

async function ownerOfToken(
  token: string,
  env: AuthenticationSettings,
  users: UserSource,
): Promise<Principal> {
  const user = await users.findByToken(token);
  if (!user) throw unknownToken(env, users);
  return { kind: 'user', user };
}

function unknownToken(env: AuthenticationSettings, users: UserSource | undefined): HttpError {
  return new HttpError('unauthorized', {
    ...(users ? { message: 'The service key or access token is not valid.' } : {}),
    headers: bearerChallenge(env, { resource: users?.resource ?? '', error: 'invalid_token' }),
  });
}

/**
 * Returns the user whose session cookie counts, otherwise the visitor. While sessions cannot be looked up, users are
 * visitors, so that everything that is open to all still works.
 */
export function userOrVisitor(
  headers: HeaderLookup,
  env: Pick<Env, 'TRUSTED_PROXY_HOPS' | 'SITE_URL'>,
  sessions: SessionSource,
): Principal | Promise<Principal> {
  const visitor = visitorPrincipal(headers, env.TRUSTED_PROXY_HOPS);
  const cookie = sessionCookieOf(headers, env.SITE_URL);
  return cookie === undefined ? visitor : ownerOf(cookie, visitor, sessions);
}

async function ownerOf(cookie: string, visitor: Visitor, sessions: SessionSource): Promise<Principal> {
  try {
    const found = await sessions.find(cookie);
    if (found.kind === 'user') return found;
    return found.kind === 'ended' ? { ...visitor, session: 'ended' } : visitor;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { ...visitor, session: 'unavailable' };
  }
}

export type Visitor = Extract<Principal, { kind: 'visitor' }>;

/** Returns the principal of a request without a service key. */
export function visitorPrincipal(headers: HeaderLookup, trustedHops: number): Visitor {
  return { kind: 'visitor', key: clientAddressOf(headers, trustedHops) };
}
