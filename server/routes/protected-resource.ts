import { mcpEndpoint, protectedResourcePath } from '../config/paths.ts';
import { productTitle } from '../config/product-name.ts';
import { conditionalResponse } from '../http/conditional-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { services } from '../services.ts';
import { procedures } from '../trpc/procedure-registry.ts';
import { handleGet } from './get-only.ts';

/** `/.well-known/oauth-protected-resource`: says who gives access tokens for the API (RFC 9728). */
export function handleApiResource(request: HttpRequest): Promise<HttpResponse> {
  return handleMetadata(request, protectedResourcePath, 'api');
}

/** `/.well-known/oauth-protected-resource/mcp`: says who gives access tokens for the MCP server (RFC 9728). */
export function handleMcpResource(request: HttpRequest): Promise<HttpResponse> {
  return handleMetadata(request, `${protectedResourcePath}${mcpEndpoint}`, 'mcp');
}

/** Scopes that clients ask for: those that procedures require, and `openid`, which some providers require. */
const scopes = [
  ...new Set(['openid', ...[...procedures.values()].flatMap(({ meta }) => meta.user?.scopes ?? [])]),
];

function handleMetadata(request: HttpRequest, path: string, resource: 'api' | 'mcp'): Promise<HttpResponse> {
  return handleGet(request, path, async () => {
    const { env, identity } = services();
    if (!identity || env.OIDC_ISSUER === undefined) throw new HttpError('not_found');
    const metadata = {
      resource: identity.audiences[resource],
      authorization_servers: [env.OIDC_ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: scopes,
      resource_name: productTitle,
      resource_documentation: `${env.SITE_URL}/docs`,
    };
    return conditionalResponse(request, {
      body: JSON.stringify(metadata),
      contentType: 'application/json',
      lastModified: null,
      cacheControl: 'public, max-age=300',
    });
  });
}
