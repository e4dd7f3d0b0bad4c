import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { limits } from '../config/limits.ts';
import { mcpEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { preflightResponse } from '../http/cors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import { createMcpServer } from '../mcp/server.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { services } from '../services.ts';
import { createHttpContext } from '../trpc/context.ts';
import { checkContentEncoding, checkContentType } from '../trpc/http/parse-request.ts';

/** `/mcp`: the procedures as tools of the Model Context Protocol, over Streamable HTTP without sessions. */
export function handleMcp(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: mcpEndpoint, handler: answer }, services());
}

const requestHeaders = ['mcp-method', 'mcp-name', 'mcp-protocol-version'];

async function answer(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, log } = services();
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, 'POST', requestHeaders);
  }
  // GET would open a stream of the server's own messages, DELETE end a session: there are neither.
  if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });
  checkContentType(request, []);
  checkContentEncoding(request);
  rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  const principal = authenticate(request, env);
  scope.principal = principal;
  const message = await readMessage(request, scope);
  const ctx = createHttpContext({ request, principal, scope, services: services() });

  let failure: Error | undefined;
  const response = await exchange(request, message, {
    createServer: () => createMcpServer(ctx, request.signal),
    onError: (error) => {
      failure = error;
    },
  });
  // What is refused, the log's line for the request tells.
  if (response.status >= 500) log.error({ err: failure }, 'request failed');
  return answerWith(response, scope);
}

/** @throws Refusal `payload_too_large`, `request_timeout`, `batch_too_large` or `invalid_input` */
async function readMessage(request: HttpRequest, scope: RequestScope): Promise<unknown> {
  const body = await readBody(request, { maxBytes: limits.jsonBodyBytes, deadline: limits.bodyDeadline });
  scope.bytesIn = body?.byteLength ?? 0;
  const message = parseJson(new TextDecoder().decode(body));
  // Revision 2025-03-26 has batches.
  scope.isBatch = Array.isArray(message);
  if (Array.isArray(message) && message.length > limits.batchSize) {
    throw new HttpError('batch_too_large', {
      message: `A batch holds at most ${limits.batchSize} messages.`,
    });
  }
  return message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HttpError('invalid_input', { message: 'The body is not JSON.', cause });
  }
}

type Exchange = { createServer: () => ReturnType<typeof createMcpServer>; onError: (error: Error) => void };

/** Clients of the revisions before 2026-07-28 begin with a handshake; each of their requests stands alone, too. */
async function exchange(
  { method, url, headers, signal }: HttpRequest,
  parsedBody: unknown,
  { createServer, onError }: Exchange,
): Promise<Response> {
  const request = new Request(url, { method, headers: [...headers], signal });
  if (!(await isLegacyRequest(request, parsedBody))) {
    // Nothing of ours changes while a client listens.
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

async function answerWith(response: Response, scope: RequestScope): Promise<HttpResponse> {
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
