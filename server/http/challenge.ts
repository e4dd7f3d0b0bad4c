import type { Env } from '../config/env.ts';
import { protectedResourcePath } from '../config/paths.ts';
import { productName } from '../config/product-name.ts';

/**
 * Returns the header of a 401: how a caller authenticates (RFC 6750, section 3). Where users can sign in, it names the
 * metadata that say who gives access tokens (RFC 9728, section 5.1).
 *
 * @param options.resource path of the resource, if its tokens are its own
 * @param options.error why a token was refused, and what the next one needs
 */
export function bearerChallenge(
  { OIDC_ISSUER, SITE_URL }: Pick<Env, 'OIDC_ISSUER' | 'SITE_URL'>,
  options: {
    resource?: string;
    error?: 'invalid_token' | 'insufficient_scope';
    scopes?: readonly string[];
  } = {},
): { 'www-authenticate': string } {
  const { resource = '', error, scopes = [] } = options;
  const parameters = [
    `realm="${productName}"`,
    ...(error ? [`error="${error}"`] : []),
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
    ...(OIDC_ISSUER === undefined
      ? []
      : [`resource_metadata="${SITE_URL}${protectedResourcePath}${resource}"`]),
  ];
  return { 'www-authenticate': `Bearer ${parameters.join(', ')}` };
}
