import type { Env } from '../config/env.ts';
import type { Principal } from '../principal.ts';
import { clientAddressOf } from './client-address.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';
import { authenticateService } from './service-key.ts';

/**
 * On whose behalf a request is made: the service whose key it carries, else whoever is at its address.
 *
 * @throws Refusal `unauthorized` for a key that is not known
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

export function visitorPrincipal(headers: HeaderLookup, trustedHops: number): Principal {
  return { kind: 'visitor', key: clientAddressOf(headers, trustedHops) };
}
