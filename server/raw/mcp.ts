import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { createHttpContext } from '../context.ts';
import type { Answer, AnswerHeaders } from '../door/answer.ts';
import { readBody } from '../door/body.ts';
import { preflightAnswer } from '../door/cors.ts';
import type { DoorRequest } from '../door/door-request.ts';
import { refuseCrossOrigin } from '../door/origin.ts';
import { principalOf } from '../door/principal.ts';
import { Refusal } from '../door/refusal.ts';
import { serve } from '../door/serve.ts';
import { checkContentEncoding, checkContentType } from '../door/trpc-calls.ts';
import { limits } from '../limits.ts';
import { createMcpServer } from '../mcp/server.ts';
import { mcpEndpoint } from '../paths.ts';
import type { RequestScope } from '../request-scope.ts';
import { services } from '../services.ts';

/** `/mcp`: the procedures as tools of the Model Context Protocol, over Streamable HTTP without sessions. */
export function handleMcp(request: DoorRequest): Promise<Answer> {
  return serve(request, { name: mcpEndpoint, handler: answer });
}

const requestHeaders = ['mcp-method', 'mcp-name', 'mcp-protocol-version'];

async function answer(request: DoorRequest, scope: RequestScope): Promise<Answer> {
  const { env, log } = services();
  if (request.method === 'OPTIONS') {
    return preflightAnswer(request, env.ALLOWED_ORIGINS, 'POST', requestHeaders);
  }
  // GET would open a stream of the server's own messages, DELETE end a session: there are neither.
  if (request.method !== 'POST') throw new Refusal('method_not_allowed', { headers: { allow: 'POST' } });
  checkContentType(request, []);
  checkContentEncoding(request);
  refuseCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  const principal = principalOf(request, env);
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
async function readMessage(request: DoorRequest, scope: RequestScope): Promise<unknown> {
  const body = await readBody(request, { maxBytes: limits.jsonBodyBytes, deadline: limits.bodyDeadline });
  scope.bytesIn = body?.byteLength ?? 0;
  const message = parseJson(new TextDecoder().decode(body));
  // Revision 2025-03-26 has batches.
  scope.isBatch = Array.isArray(message);
  if (Array.isArray(message) && message.length > limits.batchSize) {
    throw new Refusal('batch_too_large', { message: `A batch holds at most ${limits.batchSize} messages.` });
  }
  return message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('invalid_input', { message: 'The body is not JSON.', cause });
  }
}

type Exchange = { createServer: () => ReturnType<typeof createMcpServer>; onError: (error: Error) => void };

/** Clients of the revisions before 2026-07-28 begin with a handshake; each of their requests stands alone, too. */
async function exchange(
  { method, url, headers, signal }: DoorRequest,
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

async function answerWith(response: Response, scope: RequestScope): Promise<Answer> {
  const body = await response.bytes();
  scope.bytesOut = body.byteLength;
  const headers: AnswerHeaders = {
    ...Object.fromEntries(response.headers),
    'cache-control': 'private, no-store',
  };
  if (body.byteLength === 0) return { status: response.status, headers, body: null };
  headers['content-length'] = String(body.byteLength);
  return { status: response.status, headers, body };
}
