import type { Env } from '../config/env.ts';
import { conditionalResponse } from '../http/conditional-request.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { startedAt } from '../process/started-at.ts';
import { services } from '../services.ts';
import { apiCatalog, apiCatalogContentType } from '../site/api-catalog.ts';
import { webManifest } from '../site/manifest.ts';
import { pages } from '../site/pages.ts';
import { robotsText } from '../site/robots.ts';
import { securityText } from '../site/security-txt.ts';
import { renderSitemap } from '../site/sitemap.ts';
import { procedures } from '../trpc/procedure-registry.ts';
import { handleGet } from './get-only.ts';

/** `/sitemap.xml` */
export function handleSitemap(request: HttpRequest): Promise<HttpResponse> {
  return handleGet(request, '/sitemap.xml', async () => {
    const { env, feed } = services();
    const posts = (await feed.posts.list()).map(({ url, publishedAt, updatedAt }) => ({
      url,
      changedAt: updatedAt ?? publishedAt,
    }));
    const newest = posts.map(({ changedAt }) => changedAt).sort((a, b) => b.getTime() - a.getTime())[0];
    const publicPages = pages.filter((path) => path !== '/status' || env.STATUS_ROLES.length === 0);
    const documentation = [...procedures.keys()].map((path) => `/docs/${path}`);
    const entries = [...publicPages, ...documentation].map((path) => ({
      url: `${env.SITE_URL}${path}`,
      changedAt: path === '/posts' ? newest : undefined,
    }));
    return conditionalResponse(request, {
      body: renderSitemap([...entries, ...posts]),
      contentType: 'application/xml; charset=utf-8',
      // A release may add pages without a new post.
      lastModified: newest && newest > startedAt() ? newest : startedAt(),
      cacheControl: 'public, max-age=300',
    });
  });
}

/** `/robots.txt` */
export const handleRobots = textRoute('/robots.txt', 'text/plain; charset=utf-8', ({ SITE_URL }) =>
  robotsText(SITE_URL),
);

/** `/manifest.webmanifest` */
export const handleManifest = textRoute(
  '/manifest.webmanifest',
  'application/manifest+json; charset=utf-8',
  webManifest,
);

/** `/.well-known/security.txt` */
export const handleSecurityText = textRoute(
  '/.well-known/security.txt',
  'text/plain; charset=utf-8',
  ({ SITE_URL, SECURITY_CONTACT }) =>
    securityText({
      contact: SECURITY_CONTACT ?? `${SITE_URL}/contact`,
      siteUrl: SITE_URL,
      now: new Date(),
    }),
);

/** `/.well-known/api-catalog`. A HEAD request must return a Link header with this relation (RFC 9727, section 3). */
export const handleApiCatalog = textRoute(
  '/.well-known/api-catalog',
  apiCatalogContentType,
  ({ SITE_URL }) => apiCatalog(SITE_URL),
  ({ SITE_URL }) => ({ link: `<${SITE_URL}/.well-known/api-catalog>; rel="api-catalog"` }),
);

/**
 * Creates the handler of a text that depends only on the settings. It has no date, so its only validator is the ETag.
 */
function textRoute(
  path: string,
  contentType: string,
  text: (env: Env) => string,
  headers: (env: Env) => Record<string, string> = () => ({}),
) {
  return (request: HttpRequest): Promise<HttpResponse> =>
    handleGet(request, path, async () => {
      const { env } = services();
      return conditionalResponse(request, {
        body: text(env),
        contentType,
        lastModified: null,
        cacheControl: 'public, max-age=3600',
        headers: headers(env),
      });
    });
}
