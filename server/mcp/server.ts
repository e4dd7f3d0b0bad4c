import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { productName, productTitle } from '../config/product-name.ts';
import type { Context } from '../trpc/context.ts';
import { callTool } from './call-tool.ts';
import { isOfferedTo, toolFor, tools } from './tools.ts';

const instructions =
  'Each tool is one procedure of this server. Without a key or an access token, the list contains the tools that only read, and those that need a user if users can sign in. With a service key or an access token of a user, sent as `Authorization: Bearer <…>`, it contains all tools that the caller may use. Values are plain JSON: dates are ISO 8601 strings, bigints are decimal strings. A failed call returns a tool error. Its text is JSON: `message`, and `data` with `reason`, `requestId` and, for invalid input, `fieldErrors`. After `rate_limited`, wait `retryAfterSeconds` before the next call.';

/**
 * Creates a server for the messages of one HTTP request. It keeps no state between requests.
 *
 * It uses the package's low-level `Server` class, because the router itself validates inputs and outputs and the list
 * of tools depends on the caller.
 */
export function createMcpServer(ctx: Context, signal: AbortSignal): Server {
  const server = new Server(
    { name: productName, title: productTitle, version: '0.1.0', websiteUrl: ctx.services.env.SITE_URL },
    { capabilities: { tools: {} }, instructions },
  );
  const canSignIn = ctx.services.env.OIDC_ISSUER !== undefined;
  let calls = 0;

  server.setRequestHandler('tools/list', () => ({
    tools: [...tools.values()]
      .filter(({ entry }) => isOfferedTo(ctx.principal, entry, canSignIn))
      .map((each) => toolFor(ctx.principal, each)),
  }));
  server.setRequestHandler('tools/call', async ({ params }) => {
    const called = tools.get(params.name);
    if (!called) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool.');
    const index = calls;
    calls += 1;
    const result = await callTool(called, { given: params.arguments ?? {}, ctx, signal, index });
    return server.projectCallToolResult(result, called.tool.outputSchema);
  });
  return server;
}
