import type { DoorHandler } from '../door/route-handlers.ts';
import { handleTrpc } from '../door/trpc-handler.ts';
import { mcpEndpoint, rawEndpoint, revalidateEndpoint, trpcEndpoint } from '../paths.ts';
import { handleLlms, handleLlmsFull, handleOpenApi, handleProcedurePage } from '../raw/catalog.ts';
import { handleCallingGuide, handleDocsIndex } from '../raw/docs.ts';
import { handleAtom, handleJsonFeed, handleRss } from '../raw/feeds.ts';
import { handleHealth, handleMetrics, handleReadiness, handleUnknownApi } from '../raw/health.ts';
import { handleMcp } from '../raw/mcp.ts';
import { handleRevalidate } from '../raw/revalidate.ts';
import {
  handleApiCatalog,
  handleManifest,
  handleRobots,
  handleSecurityText,
  handleSitemap,
} from '../raw/site.ts';
import { handleRaw } from '../raw/upstream.ts';

const exactRoutes: ReadonlyMap<string, DoorHandler> = new Map([
  ['/rss.xml', handleRss],
  ['/atom.xml', handleAtom],
  ['/feed.json', handleJsonFeed],
  ['/llms.txt', handleLlms],
  ['/llms-full.txt', handleLlmsFull],
  ['/openapi.json', handleOpenApi],
  ['/docs/index.md', handleDocsIndex],
  ['/docs/calling.md', handleCallingGuide],
  ['/sitemap.xml', handleSitemap],
  ['/robots.txt', handleRobots],
  ['/manifest.webmanifest', handleManifest],
  ['/.well-known/security.txt', handleSecurityText],
  ['/.well-known/api-catalog', handleApiCatalog],
  ['/healthz', handleHealth],
  ['/readyz', handleReadiness],
  ['/metrics', handleMetrics],
  [mcpEndpoint, handleMcp],
  [revalidateEndpoint, handleRevalidate],
]);

const procedurePage = /^\/docs\/procedures\/[^/]+$/;
const trpcCall = new RegExp(`^${trpcEndpoint}/[^/]+$`);

/**
 * The handler of what needs nothing of Next: the same function that the route handler at this path mounts. What Next
 * redirects first (a slash at the end, two in a row) is left to it.
 *
 * @param path as it came, without the query
 */
export function directHandlerOf(path: string): DoorHandler | undefined {
  const exact = exactRoutes.get(path);
  if (exact) return exact;
  if (path.includes('//') || path.endsWith('/')) return undefined;
  if (path.startsWith('/api/')) {
    if (trpcCall.test(path)) return handleTrpc;
    return path.startsWith(`${rawEndpoint}/`) ? handleRaw : handleUnknownApi;
  }
  if (path === '/api') return handleUnknownApi;
  return procedurePage.test(path) ? handleProcedurePage : undefined;
}
