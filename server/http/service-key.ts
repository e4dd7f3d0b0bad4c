import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../principal.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/** A service that may call: the key itself is not kept, only its SHA-256. */
export type ServiceKey = { name: string; sha256: Buffer; scopes: readonly string[] };

export const bearerChallenge = { 'www-authenticate': 'Bearer realm="typed-bff"' };

/**
 * The service whose key the request carries; undefined when it carries none.
 *
 * @throws Refusal `unauthorized` for a key that is not known, so that a mistyped one is noticed
 */
export function authenticateService(
  request: HttpRequest,
  keys: readonly ServiceKey[],
): Principal | undefined {
  const authorization = request.headers.get('authorization');
  // Other schemes are not ours: a proxy in front may have a password of its own.
  if (authorization === null || !/^bearer(?:\s|$)/i.test(authorization)) return undefined;
  const token = /^bearer +([\w.~+/-]{1,512}=*)$/i.exec(authorization)?.[1];
  const service = token && findService(token, keys);
  if (!service) throw new HttpError('unauthorized', { headers: bearerChallenge });
  return { kind: 'service', name: service.name, scopes: service.scopes };
}

/** Every key is compared, each in constant time, so that the time tells nothing of which came close. */
function findService(token: string, keys: readonly ServiceKey[]): ServiceKey | undefined {
  const given = createHash('sha256').update(token).digest();
  let found: ServiceKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.sha256, given)) found = key;
  return found;
}
