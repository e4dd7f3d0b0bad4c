import ipaddr from 'ipaddr.js';
import { AppError } from './errors.ts';

/** The caller of a procedure or route: rate limits are charged to it and its scopes authorize it. */
export type Principal =
  /** Code in this process that acts for no external caller, such as a test or a script. */
  | { kind: 'internal' }
  /** An anonymous caller, identified by a key derived from its network address. */
  | { kind: 'visitor'; key: string }
  /** Another service, identified by its key. */
  | { kind: 'service'; name: string; scopes: readonly string[] };

/** Returns whether a caller has a scope. A further kind of caller, such as a signed-in user, needs a case here. */
export function hasScope(principal: Principal, scope: string): boolean {
  switch (principal.kind) {
    case 'internal':
      return true;
    case 'visitor':
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
