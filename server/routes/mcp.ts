import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { bearerChallenge } from '../http/challenge.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { requireJson } from '../http/content-type.ts';
import { preflightResponse } from '../http/cors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { parseJsonBody } from '../http/json.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import { createMcpServer } from '../mcp/server.ts';
import { isForUsers, isOpen, tools } from '../mcp/tools.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import { services } from '../services.ts';
import { createHttpContext } from '../trpc/context.ts';

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
  for (const each of [message].flat()) requireSignIn(each, principal, env);
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

/**
 * Rejects a call that needs a user, or another scope, before MCP handles it: clients let their user sign in only after a
 * challenge in HTTP.
 *
 * @throws HttpError `sign_in_required` or `forbidden`
 */
function requireSignIn(message: unknown, principal: Principal, env: Env): void {
  const call = toolCall.safeParse(message);
  const entry = call.success ? tools.get(call.data.params.name)?.entry : undefined;
  if (env.OIDC_ISSUER === undefined || !entry || !isForUsers(entry)) return;
  const scopes = entry.meta.user?.scopes ?? [];
  if (principal.kind === 'visitor' && !isOpen(entry)) {
    const headers = bearerChallenge(env, { resource: mcpEndpoint, scopes });
    throw new HttpError('sign_in_required', { headers });
  }
  if (principal.kind === 'user' && !scopes.every((each) => principal.user.scopes.includes(each))) {
    const headers = bearerChallenge(env, { resource: mcpEndpoint, error: 'insufficient_scope', scopes });
    throw new HttpError('forbidden', { headers });
  }
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
