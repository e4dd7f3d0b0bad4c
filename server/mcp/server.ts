import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import type { Context } from '../trpc/context.ts';
import { callTool } from './call-tool.ts';
import { isOfferedTo, tools } from './tools.ts';

const instructions =
  'Each tool is one procedure of this server. Without a key the open tools are listed; with a service key, sent as `Authorization: Bearer <key>`, all that its scopes allow. Values are plain JSON: dates are ISO 8601 strings, bigints decimal strings. A failed call is a tool error whose text is JSON: `message` and `data` with `reason`, `requestId` and, for invalid input, `fieldErrors`; after `rate_limited` wait `retryAfterSeconds`.';

/**
 * A server for the messages of one HTTP request; between requests nothing is kept.
 *
 * The package calls this class one for advanced uses. It is: the router validates and answers by itself, and what
 * is listed depends on who asks.
 */
export function createMcpServer(ctx: Context, signal: AbortSignal): Server {
  const server = new Server(
    { name: 'typed-bff', title: 'typed-bff', version: '0.1.0', websiteUrl: ctx.services.env.SITE_URL },
    { capabilities: { tools: {} }, instructions },
  );
  let calls = 0;

  server.setRequestHandler('tools/list', () => ({
    tools: [...tools.values()]
      .filter(({ entry }) => isOfferedTo(ctx.principal, entry))
      .map(({ tool }) => tool),
  }));
  server.setRequestHandler('tools/call', async ({ params }) => {
    const called = tools.get(params.name);
    if (!called) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no such tool.');
    const index = calls;
    calls += 1;
    const result = await callTool(called, { given: params.arguments ?? {}, ctx, signal, index });
    return server.projectCallToolResult(result, called.tool.outputSchema);
  });
  return server;
}
