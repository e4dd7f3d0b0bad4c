import type { Env } from '../config/env.ts';
import { isAppError } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { clientAddressOf } from './client-address.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { authenticateService } from './service-key.ts';
import { type SessionSource, sessionCookieOf } from './session-cookie.ts';

type AuthenticationSettings = Pick<Env, 'SERVICE_KEYS' | 'TRUSTED_PROXY_HOPS' | 'SITE_URL'>;

/**
 * Returns the principal of a request: the service whose key it carries, the user whose session cookie counts, otherwise
 * the visitor at its client address. Only a session cookie makes it a promise.
 *
 * @param sessions undefined where users cannot sign in, or for a route that takes no cookies
 * @throws AppError `unauthorized` for an unknown key
 */
export function authenticate(request: HttpRequest, env: AuthenticationSettings): Principal;
export function authenticate(
  request: HttpRequest,
  env: AuthenticationSettings,
  sessions: SessionSource | undefined,
): Principal | Promise<Principal>;
export function authenticate(
  request: HttpRequest,
  env: AuthenticationSettings,
  sessions?: SessionSource,
): Principal | Promise<Principal> {
  const service = authenticateService(request, env.SERVICE_KEYS);
  if (service) return service;
  return sessions
    ? userOrVisitor(request.headers, env, sessions)
    : visitorPrincipal(request.headers, env.TRUSTED_PROXY_HOPS);
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

type Visitor = Extract<Principal, { kind: 'visitor' }>;

/** Returns the principal of a request without a service key. */
export function visitorPrincipal(headers: HeaderLookup, trustedHops: number): Visitor {
  return { kind: 'visitor', key: clientAddressOf(headers, trustedHops) };
}
