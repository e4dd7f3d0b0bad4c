import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Principal } from '../principal.ts';
import type { HttpRequest } from './request.ts';

/** A service that may call the API. Only the SHA-256 of its key is stored. */
export type ServiceKey = { name: string; sha256: Buffer; scopes: readonly string[] };

/** Headers of every 401. */
export const bearerChallenge = { 'www-authenticate': 'Bearer realm="typed-bff"' };

/**
 * Returns the service whose key the request carries, or undefined if it carries none.
 *
 * @throws AppError `unauthorized` for an unknown key, so that a mistyped key does not go unnoticed
 */
export function authenticateService(
  request: HttpRequest,
  keys: readonly ServiceKey[],
): Principal | undefined {
  const authorization = request.headers.get('authorization');
  // Other schemes are ignored: a proxy in front may use Basic authentication, for example.
  if (authorization === null || !/^bearer(?:\s|$)/i.test(authorization)) return undefined;
  const token = /^bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
  const service = token && findService(token, keys);
  if (!service) throw new AppError('unauthorized');
  return { kind: 'service', name: service.name, scopes: service.scopes };
}

/** Compares every key in constant time, so that the response time reveals nothing about the keys. */
function findService(token: string, keys: readonly ServiceKey[]): ServiceKey | undefined {
  const digest = createHash('sha256').update(token).digest();
  let found: ServiceKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.sha256, digest)) found = key;
  return found;
}
