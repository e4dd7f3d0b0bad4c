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

/**
 * Rejects callers without a scope. A further kind of caller, such as a signed-in user, needs a case here.
 *
 * @throws AppError `unauthorized` or `forbidden`
 */
export function requireScope(principal: Principal, scope: string): void {
  switch (principal.kind) {
    case 'internal':
      return;
    case 'visitor':
      throw new AppError('unauthorized', { message: `A service key with the scope ${scope} is required.` });
    case 'service':
      if (principal.scopes.includes(scope)) return;
      throw new AppError('forbidden', { message: `The service key does not have the scope ${scope}.` });
  }
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
 * Returns the /48 of a client address, or undefined for IPv4. One site often owns a whole /48, and with it 65,536
 * addresses of the form that identifies a visitor.
 */
export function networkOf(clientAddress: string): string | undefined {
  const address = clientAddress.replace(/\/64$/, '');
  if (!ipaddr.IPv6.isValid(address)) return undefined;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/48`).toString()}/48`;
}
