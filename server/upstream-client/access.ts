import { type Endpoint, isForUser, type Upstream } from './endpoint.ts';

/**
 * Returns the scope that a service needs for a proxied endpoint, or undefined if anyone may call it, or any user.
 *
 * Without `public`, only an endpoint that reads and sends no credential is open. Any other acts for the operator: it can
 * change data, or use the operator's rights and quota.
 */
export function requiredScopeOf(
  { name, credential, userToken }: Pick<Upstream, 'name' | 'credential' | 'userToken'>,
  { method, anonymous = false, public: isPublic }: Pick<Endpoint, 'method' | 'anonymous' | 'public'>,
): string | undefined {
  if (isForUser({ userToken }, { anonymous })) return undefined;
  const sendsCredential = credential !== undefined && !anonymous;
  const isOpen = isPublic ?? (method === 'GET' && !sendsCredential);
  return isOpen ? undefined : `proxy.${name}`;
}
