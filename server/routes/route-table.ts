import {
  backchannelLogoutPath,
  callbackPath,
  confirmEmailPath,
  emailSignInPath,
  filesEndpoint,
  inboxEndpoint,
  linkPath,
  mcpEndpoint,
  protectedResourcePath,
  rawEndpoint,
  revalidateEndpoint,
  signInPath,
  signOutPath,
  trpcEndpoint,
  webhooksEndpoint,
} from '../config/paths.ts';
import type { RouteHandler } from '../http/route-handlers.ts';
import { handleTrpc } from '../trpc/http/handler.ts';
import { handleBackchannelLogout, handleCallback, handleLink, handleSignIn, handleSignOut } from './auth.ts';
import { handleConfirmEmail, handleEmailSignIn } from './auth-email.ts';
import { handleLlms, handleLlmsFull, handleOpenApi, handleProcedurePage } from './catalog.ts';
import { handleCallingGuide, handleDocsIndex } from './docs.ts';
import { handleAtom, handleJsonFeed, handleRss } from './feeds.ts';
import { handleFile } from './files.ts';
import { handleHealth, handleMetrics, handleReadiness, handleUnknownApi } from './health.ts';
import { handleInbox } from './inbox.ts';
import { handleMcp } from './mcp.ts';
import { handleApiResource, handleMcpResource } from './protected-resource.ts';
import { handleRevalidate } from './revalidate.ts';
import { handleApiCatalog, handleManifest, handleRobots, handleSecurityText, handleSitemap } from './site.ts';
import { handleUpstreamFile } from './upstream-files.ts';
import { handleWebhook } from './webhooks.ts';

/** Handlers of the routes without parameters, by path. */
export const exactRoutes: ReadonlyMap<string, RouteHandler> = new Map([
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
  [protectedResourcePath, handleApiResource],
  [`${protectedResourcePath}${mcpEndpoint}`, handleMcpResource],
  ['/healthz', handleHealth],
  ['/readyz', handleReadiness],
  ['/metrics', handleMetrics],
  [signInPath, handleSignIn],
  [callbackPath, handleCallback],
  [linkPath, handleLink],
  [signOutPath, handleSignOut],
  [emailSignInPath, handleEmailSignIn],
  [confirmEmailPath, handleConfirmEmail],
  [backchannelLogoutPath, handleBackchannelLogout],
  [mcpEndpoint, handleMcp],
  [revalidateEndpoint, handleRevalidate],
  [inboxEndpoint, handleInbox],
]);

const trpcFolder = `${trpcEndpoint}/`;
const webhooksFolder = `${webhooksEndpoint}/`;

/** Returns whether a path is the folder's path and one more segment. */
function isIn(folder: string, path: string): boolean {
  return path.startsWith(folder) && path.length > folder.length && !path.includes('/', folder.length);
}

/**
 * Returns the handler of a path that can be served without Next. The route module of app/ at this path mounts the same
 * function. Paths that Next redirects (a trailing slash or a double slash) have no handler here.
 *
 * @param path the undecoded path, without the query
 * @returns undefined if Next must handle the path
 */
export function findRoute(path: string): RouteHandler | undefined {
  if (isIn(trpcFolder, path)) return handleTrpc;
  const exact = exactRoutes.get(path);
  if (exact) return exact;
  if (path.includes('//') || path.endsWith('/')) return undefined;
  if (isIn(webhooksFolder, path)) return handleWebhook;
  if (path.startsWith('/api/')) {
    if (path.startsWith(`${filesEndpoint}/`)) return handleFile;
    return path.startsWith(`${rawEndpoint}/`) ? handleUpstreamFile : handleUnknownApi;
  }
  if (path === '/api') return handleUnknownApi;
  return isIn('/docs/procedures/', path) ? handleProcedurePage : undefined;
}
