import { trpcEndpoint } from '../config/paths.ts';

export const apiCatalogContentType =
  'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"';

/** Returns the API catalog (RFC 9727): a linkset (RFC 9264) of the API and its documentation. */
export function apiCatalog(siteUrl: string): string {
  const api = `${siteUrl}${trpcEndpoint}`;
  const catalog = {
    linkset: [
      { anchor: `${siteUrl}/.well-known/api-catalog`, item: [{ href: api }] },
      {
        anchor: api,
        'service-desc': [{ href: `${siteUrl}/openapi.json`, type: 'application/json' }],
        'service-doc': [
          { href: `${siteUrl}/docs`, type: 'text/html' },
          { href: `${siteUrl}/llms.txt`, type: 'text/plain' },
        ],
        status: [{ href: `${siteUrl}/healthz`, type: 'application/json' }],
      },
    ],
  };
  return `${JSON.stringify(catalog, null, 2)}\n`;
}
