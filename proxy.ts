import { randomBytes } from 'node:crypto';
import { type NextRequest, NextResponse } from 'next/server';
import { markdownPathOf } from '#server/catalog/docs/docs-pages.ts';
import { env } from '#server/config/env.ts';
import { isDocsPage } from '#server/config/paths.ts';
import { preferredType } from '#server/http/content-negotiation.ts';
import { pageContentPolicy, securityHeaders } from '#server/http/security-headers.ts';
import { mailModeOf } from '#server/mail/mode.ts';
import { readPrerenderedPages } from '#server/next/prerendered-pages.ts';
import { services } from '#server/services.ts';

/** Pages alone, what is not found included: never `/api`, never a raw route, never a file. */
export const config = {
  matcher:
    '/((?!api(?:/|$)|_next/static/|docs/(?:procedures/|(?:index|calling).md$)|\\.well-known/|(?:.*/)?opengraph-image$|(?:mcp|healthz|readyz|metrics|rss.xml|atom.xml|feed.json|llms.txt|llms-full.txt|openapi.json|sitemap.xml|robots.txt|manifest.webmanifest|favicon.ico|icon.svg|apple-icon.png|icon-192.png|icon-512.png|icon-maskable-512.png)$).*)',
};

const development = process.env.NODE_ENV === 'development';
const prerendered = readPrerenderedPages('.next');

/** Gives every page its security headers. Rights and limits are never decided here. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname } = request.nextUrl;
  const markdown = isDocsPage(pathname) ? markdownPathOf(pathname) : undefined;
  if (markdown && preferredType(request, ['text/html', 'text/markdown']) === 'text/markdown') {
    return NextResponse.rewrite(new URL(markdown, request.url));
  }
  const policy = pageContentPolicy({
    nonce: randomBytes(16).toString('base64'),
    hashes: development ? [] : await prerendered.scriptHashes(pathname),
    development,
  });
  const headers = new Headers(request.headers);
  // Next reads the nonce for its own scripts from here.
  headers.set('content-security-policy', policy);

  const missing = await isMissing(pathname);
  const response = missing
    ? NextResponse.rewrite(new URL('/nothing-here', request.url), { request: { headers } })
    : NextResponse.next({ request: { headers } });
  for (const [name, value] of Object.entries(securityHeaders(env().SITE_URL)))
    response.headers.set(name, value);
  response.headers.set('content-security-policy', policy);
  return response;
}

/**
 * Paths that are pages by their form but not here. They are turned away before they are rendered: once a page
 * waits for its request it cannot answer 404 any more.
 */
async function isMissing(pathname: string): Promise<boolean> {
  if (pathname.startsWith('/inbox')) return mailModeOf(env()) !== 'inbox';
  if (isDocsPage(pathname)) return markdownPathOf(pathname) === undefined;
  if (pathname.startsWith('/posts/'))
    return !(await services().feed.posts.get(pathname.slice('/posts/'.length)));
  return false;
}
