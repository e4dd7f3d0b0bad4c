import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { requireJson } from '../http/content-type.ts';
import { preflightResponse } from '../http/cors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { parseJsonBody } from '../http/json.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import { requireSignIn } from '../mcp/require-sign-in.ts';
import { createMcpServer } from '../mcp/server.ts';
import { tools } from '../mcp/tools.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { services } from '../services.ts';
import { createHttpContext } from '../trpc/context.ts';
import type { ProcedureEntry } from '../trpc/procedure-registry.ts';

/** `/mcp`: serves the procedures as tools of the Model Context Protocol, over Streamable HTTP without sessions. */
export function handleMcp(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: mcpEndpoint, handler: handleMessage }, services());
}

async function handleMessage(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, log, identity } = services();
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, 'POST');
  }
  // GET opens a stream of messages from the server and DELETE ends a session: this server has neither.
  if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });
  requireJson(request);
  checkContentEncoding(request);
  rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  const principal = await authenticate(request, env, identity?.callers.mcp);
  scope.principal = principal;
  const message = await readMessage(request, scope);
  for (const entry of calledBy(message)) requireSignIn(entry, principal, env);
  const ctx = createHttpContext({ request, principal, scope, services: services() });

  let failure: Error | undefined;
  const response = await exchange(request, message, {
    createServer: () => createMcpServer(ctx, request.signal),
    onError: (error) => {
      failure = error;
    },
  });
  // A 4xx needs no line of its own: the log line of the request contains its status.
  if (response.status >= 500) log.error({ err: failure }, 'request failed');
  return bufferResponse(response, scope);
}

/** @throws HttpError `payload_too_large`, `request_timeout`, `batch_too_large` or `invalid_input` */
async function readMessage(request: HttpRequest, scope: RequestScope): Promise<unknown> {
  const body = await readBody(request, { maxBytes: limits.jsonBodyBytes, deadline: limits.bodyDeadline });
  scope.bytesIn = body?.byteLength ?? 0;
  const message = parseJsonBody(body);
  // Protocol revision 2025-03-26 allows batches.
  scope.isBatch = Array.isArray(message);
  if (Array.isArray(message) && message.length > limits.batchSize) {
    throw new HttpError('batch_too_large', {
      message: `A batch holds at most ${limits.batchSize} messages.`,
    });
  }
  return message;
}

const toolCall = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

/** Returns the procedures of the tools that a message, or a batch of messages, calls. */
function calledBy(message: unknown): ProcedureEntry[] {
  return [message].flat().flatMap((each) => {
    const call = toolCall.safeParse(each);
    return (call.success && tools.get(call.data.params.name)?.entry) || [];
  });
}

type Exchange = { createServer: () => ReturnType<typeof createMcpServer>; onError: (error: Error) => void };

/**
 * Passes a message to an MCP server and returns its response. Clients of protocol revisions before 2026-07-28 start
 * with a handshake, but the server is stateless for them as well.
 */
async function exchange(
  { method, url, headers, signal }: HttpRequest,
  parsedBody: unknown,
  { createServer, onError }: Exchange,
): Promise<Response> {
  const request = new Request(url, { method, headers: [...headers], signal });
  // The response is always JSON. The MCP server would reject `*/*`, and JSON without event streams.
  request.headers.set('accept', 'application/json, text/event-stream');
  if (!(await isLegacyRequest(request, parsedBody))) {
    // No subscriptions: tools and resources never change at run time.
    const handler = createMcpHandler(createServer, {
      legacy: 'reject',
      maxSubscriptions: 0,
      onerror: onError,
    });
    return handler.fetch(request, { parsedBody });
  }
  const server = createServer();
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  transport.onerror = onError;
  await server.connect(transport);
  try {
    return await transport.handleRequest(request, { parsedBody });
  } finally {
    await server.close();
  }
}

/** Reads the whole body of a web Response and converts it to the response of a route. */
async function bufferResponse(response: Response, scope: RequestScope): Promise<HttpResponse> {
  const body = await response.bytes();
  scope.bytesOut = body.byteLength;
  const headers: ResponseHeaders = {
    ...Object.fromEntries(response.headers),
    'cache-control': 'private, no-store',
  };
  if (body.byteLength === 0) return { status: response.status, headers, body: null };
  headers['content-length'] = String(body.byteLength);
  return { status: response.status, headers, body };
}
