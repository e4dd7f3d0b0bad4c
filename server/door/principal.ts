import type { Env } from '../env.ts';
import type { Principal } from '../principal.ts';
import { clientAddressOf } from './client-address.ts';
import type { DoorRequest, HeaderLookup } from './door-request.ts';
import { serviceOf } from './service-key.ts';

/**
 * On whose behalf a request is made: the service whose key it carries, else whoever is at its address.
 *
 * @throws Refusal `unauthorized` for a key that is not known
 */
export function principalOf(
  request: DoorRequest,
  env: Pick<Env, 'SERVICE_KEYS' | 'TRUSTED_PROXY_HOPS'>,
): Principal {
  return serviceOf(request, env.SERVICE_KEYS) ?? visitorOf(request.headers, env.TRUSTED_PROXY_HOPS);
}

export function visitorOf(headers: HeaderLookup, trustedHops: number): Principal {
  return { kind: 'visitor', key: clientAddressOf(headers, trustedHops) };
}
