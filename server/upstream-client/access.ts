import type { Endpoint, Upstream } from './endpoint.ts';

/**
 * Returns the scope that a caller of a proxied endpoint needs, or undefined if anyone may call it.
 *
 * Without `public`, only an endpoint that reads and sends no credential is open. Any other acts for the operator: it can
 * change data, or use the operator's rights and quota.
 */
export function requiredScopeOf(
  { name, credential }: Pick<Upstream, 'name' | 'credential'>,
  { method, anonymous = false, public: isPublic }: Pick<Endpoint, 'method' | 'anonymous' | 'public'>,
): string | undefined {
  const sendsCredential = credential !== undefined && !anonymous;
  const isOpen = isPublic ?? (method === 'GET' && !sendsCredential);
  return isOpen ? undefined : `proxy.${name}`;
}
