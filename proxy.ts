import { randomBytes } from 'node:crypto';
import { type NextRequest, NextResponse } from 'next/server';
import { markdownPathOf } from '#server/catalog/docs/docs-pages.ts';
import { env } from '#server/config/env.ts';
import { isDocsPage } from '#server/config/paths.ts';
import { isAppError } from '#server/errors.ts';
import { setCommonHeaders } from '#server/http/common-headers.ts';
import { preferredType } from '#server/http/content-negotiation.ts';
import { errorResponse } from '#server/http/error-response.ts';
import { rejectForeignHost } from '#server/http/host.ts';
import { checkPageLimits } from '#server/http/page-limits.ts';
import { requestIdOf } from '#server/http/request-id.ts';
import { pageContentPolicy, securityHeaders } from '#server/http/security-headers.ts';
import { mailModeOf } from '#server/mail/mode.ts';
import { readPrerenderedPages } from '#server/next/prerendered-pages.ts';
import { buildFolder } from '#server/process/build-folder.ts';
import { services } from '#server/services.ts';
import { accountPages } from '#server/site/pages.ts';
import { themeScriptHash } from '#server/site/theme.ts';

/**
 * Matches only pages, including missing ones: never `/api`, a raw route or a file. Next requires a literal here, so
 * tests/architecture/route-table.unit.test.ts compares it with the routes.
 */
export const config = {
  matcher:
    '/((?!api(?:/|$)|auth/(?:sign-in|callback|link|sign-out|backchannel-logout|email|email/confirm)$|_next/static/|docs/(?:procedures/|(?:index|calling).md$)|\\.well-known/|(?:.*/)?opengraph-image$|(?:mcp|healthz|readyz|metrics|rss.xml|atom.xml|feed.json|llms.txt|llms-full.txt|openapi.json|sitemap.xml|robots.txt|manifest.webmanifest|favicon.ico|icon.svg|apple-icon.png|icon-192.png|icon-512.png|icon-maskable-512.png)$).*)',
};

const development = process.env.NODE_ENV === 'development';
const prerendered = readPrerenderedPages(buildFolder);

/**
 * Rejects requests for other hosts and those that are too large, and sets the security headers of every page. Rate
 * limits belong elsewhere.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname } = request.nextUrl;
  try {
    rejectForeignHost(request.headers, env());
    checkPageLimits({ cookie: request.headers.get('cookie'), search: request.nextUrl.search });
  } catch (error) {
    if (!isAppError(error)) throw error;
    const requestId = requestIdOf(request.headers.get('x-request-id'));
    const { status, headers, body } = errorResponse(error, { path: pathname, requestId });
    setCommonHeaders(headers, { requestId, origin: request.headers.get('origin'), env: env() });
    return new NextResponse(body, { status, headers });
  }
  const markdown = isDocsPage(pathname) ? markdownPathOf(pathname) : undefined;
  if (markdown && preferredType(request, ['text/html', 'text/markdown']) === 'text/markdown') {
    return NextResponse.rewrite(new URL(markdown, request.url));
  }
  const missing = await isMissing(pathname);
  const scriptHashes = development ? [] : await prerendered.scriptHashes(pathname);
  const policy = pageContentPolicy({
    nonce: randomBytes(16).toString('base64'),
    hashes: [...new Set([themeScriptHash, ...scriptHashes])],
    // Of all posts, not of one: the browser keeps the policy of the page on which it enters the site.
    imageSources: services().feed.posts.imageSchemes(),
    connectSources: services().files.directOrigins,
    development,
  });
  const headers = new Headers(request.headers);
  // Next takes the nonce for its own scripts from this request header.
  headers.set('content-security-policy', policy);

  const response = missing
    ? NextResponse.rewrite(new URL('/nothing-here', request.url), { request: { headers } })
    : NextResponse.next({ request: { headers } });
  for (const [name, value] of Object.entries(securityHeaders(env()))) response.headers.set(name, value);
  response.headers.set('content-security-policy', policy);
  return response;
}

/**
 * Returns whether a path has the form of a page that does not exist. The check runs before rendering: once a page
 * awaits its request, its status can no longer become 404.
 */
async function isMissing(pathname: string): Promise<boolean> {
  if (pathname.startsWith('/inbox')) return mailModeOf(env()) !== 'inbox';
  if (pathname === '/design') return env().NODE_ENV === 'production' && !env().DEMO;
  const accountPage = accountPages.find(({ path }) => path === pathname);
  if (accountPage || pathname === '/sign-in') {
    return services().identity === undefined || accountPage?.isOffered(env()) === false;
  }
  if (isDocsPage(pathname)) return markdownPathOf(pathname) === undefined;
  if (pathname.startsWith('/posts/'))
    return !(await services().feed.posts.get(pathname.slice('/posts/'.length)));
  return false;
}
