import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../principal.ts';
import type { HttpRequest } from './request.ts';

/** A service that may call the API. Only the SHA-256 of its key is stored. */
export type ServiceKey = { name: string; sha256: Buffer; scopes: readonly string[] };

/**
 * Returns the bearer token of a request (RFC 6750, section 2.1): undefined if it carries none, null if it is malformed.
 */
export function bearerTokenOf(request: HttpRequest): string | null | undefined {
  const authorization = request.headers.get('authorization');
  // Other schemes are ignored: a proxy in front may use Basic authentication, for example.
  if (authorization === null || !/^bearer(?:\s|$)/i.test(authorization)) return undefined;
  return /^bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1] ?? null;
}

/**
 * Returns the service with this key. Every key is compared in constant time, so that the response time reveals nothing
 * about the keys.
 */
export function findService(token: string, keys: readonly ServiceKey[]): Principal | undefined {
  const digest = createHash('sha256').update(token).digest();
  let found: ServiceKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.sha256, digest)) found = key;
  return found && { kind: 'service', name: found.name, scopes: found.scopes };
}
