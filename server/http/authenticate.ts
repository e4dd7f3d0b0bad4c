import type { Env } from '../config/env.ts';
import type { Principal } from '../principal.ts';
import { clientAddressOf } from './client-address.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { authenticateService } from './service-key.ts';

/**
 * Returns the principal of a request: the service whose key it carries, otherwise the visitor at its client address.
 *
 * @throws AppError `unauthorized` for an unknown key
 */
export function authenticate(
  request: HttpRequest,
  env: Pick<Env, 'SERVICE_KEYS' | 'TRUSTED_PROXY_HOPS'>,
): Principal {
  return (
    authenticateService(request, env.SERVICE_KEYS) ??
    visitorPrincipal(request.headers, env.TRUSTED_PROXY_HOPS)
  );
}

/** Returns the principal of a request without a service key. */
export function visitorPrincipal(headers: HeaderLookup, trustedHops: number): Principal {
  return { kind: 'visitor', key: clientAddressOf(headers, trustedHops) };
}
