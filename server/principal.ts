import ipaddr from 'ipaddr.js';
import { AppError } from './errors.ts';
import type { Session } from './identity/session-lookup.ts';

/** The user of a request. */
export type SignedInUser = {
  id: string;
  name: string | null;
  email: string | null;
  roles: readonly string[];
  /** Scopes that the provider granted to the session or the access token. */
  scopes: readonly string[];
  /** Time since the user last proved who they are; Infinity if the provider did not say. In milliseconds. */
  authenticationAge: number;
  /** The session of the browser. Null for a script or an agent with an access token. */
  session: Session | null;
};

/** A session cookie that was looked up. `none`: this product did not make it. */
export type SessionLookup = { kind: 'user'; user: SignedInUser } | { kind: 'ended' } | { kind: 'none' };

/** Looks up session cookies. */
export type SessionSource = { find(cookie: string): Promise<SessionLookup> };

/** Finds the users of requests. */
export type UserSource = {
  /** Undefined for a route that takes no cookies. */
  sessions?: SessionSource;
  /** Path of the resource in a challenge, if its tokens are its own. */
  resource?: string;
  /**
   * Returns the user of an access token, or undefined if the token is not valid for this resource.
   *
   * @throws AppError `identity_unavailable`
   */
  findByToken(token: string): Promise<SignedInUser | undefined>;
};

/** The caller of a procedure or route: rate limits are charged to it and its scopes authorize it. */
export type Principal =
  /** Code in this process that acts for no external caller, such as a test or a script. */
  | { kind: 'internal' }
  /** An anonymous caller, identified by a key derived from its network address. */
  | {
      kind: 'visitor';
      key: string;
      /** Set if the browser has a session cookie: its session has ended, or it could not be looked up. */
      session?: 'ended' | 'unavailable';
    }
  /** Another service, identified by its key. */
  | { kind: 'service'; name: string; scopes: readonly string[] }
  /** A user, identified by the session cookie of a page of this site or by an access token of the provider. */
  | { kind: 'user'; user: SignedInUser };

/** Returns whether a caller has a scope of service keys. */
export function hasScope(principal: Principal, scope: string): boolean {
  switch (principal.kind) {
    case 'internal':
      return true;
    case 'visitor':
    case 'user':
      return false;
    case 'service':
      return principal.scopes.includes(scope);
  }
}

/**
 * Rejects callers without a scope.
 *
 * @throws AppError `unauthorized` or `forbidden`
 */
export function requireScope(principal: Principal, scope: string): void {
  if (hasScope(principal, scope)) return;
  if (principal.kind === 'service') {
    throw new AppError('forbidden', { message: `The service key does not have the scope ${scope}.` });
  }
  throw new AppError('unauthorized', { message: `A service key with the scope ${scope} is required.` });
}

/** Returns the rate-limit bucket of a principal, or null if its calls are not limited. */
export function bucketOf(principal: Exclude<Principal, { kind: 'internal' }>): string;
export function bucketOf(principal: Principal): string | null;
export function bucketOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'internal':
      return null;
    case 'visitor':
      return `visitor:${principal.key}`;
    case 'service':
      return `service:${principal.name}`;
    case 'user':
      return `user:${principal.user.id}`;
  }
}

/**
 * Returns the network of a client address, or undefined for IPv4.
 *
 * Providers delegate a /56 or a /48 to one subscriber (RIPE-690, section 4.2), and with it 256 or 65,536 addresses of
 * the form that identifies a visitor: https://www.ripe.net/publications/docs/ripe-690/
 */
export function networkOf(clientAddress: string, prefixLength: 48 | 56): string | undefined {
  const address = clientAddress.replace(/\/64$/, '');
  if (!ipaddr.IPv6.isValid(address)) return undefined;
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefixLength}`);
  return `${network.toString()}/${prefixLength}`;
}

/** Requirements of a procedure for its user. */
export type UserRequirement = {
  /** The user must have one of these roles. */
  roles?: readonly string[];
  /** The provider must have granted all of these scopes. */
  scopes?: readonly string[];
  /** Maximum time since the user last proved who they are, in milliseconds. */
  maxAge?: number;
  /** The user must call from a browser: what it needs is kept with the session. */
  session?: true;
};

/**
 * Returns the user of a call.
 *
 * @throws AppError `sign_in_required`, `session_ended`, `identity_unavailable`, `forbidden` or `reauthentication_required`
 */
export function requireUser(principal: Principal, requirement: UserRequirement): SignedInUser {
  if (principal.kind !== 'user') throw notSignedIn(principal);
  const { user } = principal;
  const { roles, scopes = [], maxAge = Number.POSITIVE_INFINITY, session } = requirement;
  if (session && !user.session) {
    throw new AppError('forbidden', { message: 'An access token does not do here: sign in with a browser.' });
  }
  const hasRole = !roles || roles.some((role) => user.roles.includes(role));
  if (!hasRole || !scopes.every((scope) => user.scopes.includes(scope))) throw new AppError('forbidden');
  if (user.authenticationAge > maxAge) throw new AppError('reauthentication_required');
  return user;
}

function notSignedIn(principal: Principal): AppError {
  const session = principal.kind === 'visitor' ? principal.session : undefined;
  if (session === 'unavailable') return new AppError('identity_unavailable');
  return new AppError(session === 'ended' ? 'session_ended' : 'sign_in_required');
}
