/** Where the one typed door stands. */
export const trpcEndpoint = '/api/trpc';
/** Where the raw endpoints of upstreams stand, by upstream and path. */
export const rawEndpoint = '/api/raw';
/** Where the procedures are tools of the Model Context Protocol. */
export const mcpEndpoint = '/mcp';

/** Whether a path belongs to the documentation, whose pages are HTML or Markdown as Accept says. */
export function isDocsPage(pathname: string): boolean {
  return pathname === '/docs' || pathname.startsWith('/docs/');
}
/** Where other systems tell, with a signature, that the feed has changed. */
export const revalidateEndpoint = '/api/revalidate';
