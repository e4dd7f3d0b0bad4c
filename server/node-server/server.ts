import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { isDocsPage } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { type HttpServices, handleRequest } from '../http/handle-request.ts';
import { rejectForeignHost } from '../http/host.ts';
import { checkPageLimits } from '../http/page-limits.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { withTimeout } from '../lib/timeout.ts';
import { drainStreams } from '../live/open-streams.ts';
import { workRecord } from '../observability/work.ts';
import { lifecycle } from '../process/lifecycle.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import { findRoute } from '../routes/route-table.ts';
import { checkBody, createAdmission, kindOf, type NextRequestKind } from './admission.ts';
import { type ConnectionMetrics, limitConnections } from './connections.ts';
import { addDefaultHeaders } from './default-headers.ts';
import { deferContinue, sendContinue } from './expect-continue.ts';
import { setForwardedFor } from './forwarded.ts';
import { isNextPath } from './is-next-path.ts';
import { NodeHeaders } from './node-request.ts';
import { writeOverloaded } from './overloaded-page.ts';
import { pageRouteOf } from './page-route.ts';
import { withPageSpan } from './page-span.ts';
import { methods, pathOf, rejectMalformed, writeError } from './reject-malformed.ts';
import { createRequestQueue } from './request-queue.ts';
import { normalizeTarget } from './request-target.ts';
import { limitBodyTime, respond } from './respond.ts';
import { watchSlowReaders } from './slow-readers.ts';
import { addVary } from './vary.ts';

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export type NodeServerServices = HttpServices & {
  rateLimiter: Pick<RateLimiter, 'charge'>;
  metrics: ConnectionMetrics & { rateLimited(name: 'page'): void };
};

export type NodeServer = {
  /**
   * Reports draining for `SHUTDOWN_DELAY`, then lets running requests finish within the shutdown deadline and closes
   * all connections.
   */
  stop(): Promise<void>;
  /**
   * Leaves the port to other processes without interrupting requests: each connection closes after its next response.
   */
  handOver(): Promise<void>;
};

/**
 * Starts the HTTP server in front of Next. It sees the socket, so it knows the client's address. It handles routes that
 * need no Next itself, rejects requests that Next would mishandle, and shuts down gracefully.
 */
export async function startNodeServer(options: {
  env: Pick<Env, 'HOST' | 'PORT' | 'HSTS_SUBDOMAINS' | 'SITE_URL' | 'TRUSTED_PROXY_HOPS' | 'SHUTDOWN_DELAY'>;
  services: NodeServerServices;
  /** Handles pages and files. Requests for them wait until it is loaded. */
  next: Promise<NodeHandler>;
}): Promise<NodeServer> {
  const { env, services, next } = options;
  const { origin } = new URL(env.SITE_URL);
  const serviceKeys = services.env.SERVICE_KEYS;
  const admit = createAdmission({ ...services, trustedHops: env.TRUSTED_PROXY_HOPS });
  const requestQueue = createRequestQueue(onEnd);
  const running = new Set<ServerResponse>();
  let onIdle = (): void => undefined;
  let hasWarnedOfProxy = false;

  async function handleIncoming(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'OPTIONS' && request.url === '*') return respondToAsterisk(request, response);
    try {
      normalizeTarget(request);
      rejectMalformed(request);
    } catch (error) {
      if (!isAppError(error)) throw error;
      writeError(request, response, error, services);
      return;
    }
    const { TRUSTED_PROXY_HOPS } = env;
    if (setForwardedFor(request.headers, request.socket.remoteAddress, TRUSTED_PROXY_HOPS)) warnOfProxy();
    const path = pathOf(request.url ?? '/');
    const handler = isNextPath(path) ? undefined : findRoute(path);
    if (handler) return respond(request, response, { handler, origin });
    await handleWithNext(request, response, path);
  }

  function warnOfProxy(): void {
    if (hasWarnedOfProxy) return;
    hasWarnedOfProxy = true;
    services.log.warn(
      'X-Forwarded-For is ignored because TRUSTED_PROXY_HOPS is 0. If it comes from your proxy, set the number of your proxies: until then all clients of the proxy count as one',
    );
  }

  /** `OPTIONS *` asks for the methods of the server as a whole (RFC 9110, section 9.3.7). */
  function respondToAsterisk(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const handler = (asked: HttpRequest) =>
      handleRequest(asked, { name: 'front', hosts: 'any', handler: async () => methodsResponse() }, services);
    return respond(request, response, { handler, origin });
  }

  async function handleWithNext(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const kind = kindOf(path);
    const headers = new NodeHeaders(request.headers);
    try {
      rejectForeignHost(headers, services.env);
      checkBody(request, kind);
      if (kind === 'form') rejectCrossOrigin({ headers }, { siteUrl: env.SITE_URL, allowedOrigins: [] });
      checkPageLimits({
        cookie: request.headers.cookie ?? null,
        search: request.url?.slice(path.length) ?? '',
      });
    } catch (error) {
      const handler = (rejected: HttpRequest) =>
        handleRequest(rejected, { name: kind, hosts: 'any', handler: () => Promise.reject(error) }, services);
      return respond(request, response, { handler, origin });
    }
    addDefaultHeaders(response, env);
    const overload = await admit(request, response, kind);
    if (overload) return writeOverloaded(request, response, overload, services);
    if (isDocsPage(path)) addVary(response, 'Accept');
    await runNext(request, response, { kind, path });
  }

  async function runNext(
    request: IncomingMessage,
    response: ServerResponse,
    { kind, path }: { kind: NextRequestKind; path: string },
  ): Promise<void> {
    const handle = await next;
    // The client may have disconnected while Next was loading.
    if (response.destroyed) return;
    if (kind === 'form' || kind === 'custom') {
      limitBodyTime(request);
      sendContinue(request);
    }
    const endWork = workRecord.start(kind === 'page' ? pageRouteOf(path) : kind);
    try {
      if (kind === 'page' || kind === 'form' || kind === 'custom')
        await withPageSpan(request, response, { origin, serviceKeys }, handle);
      else await handle(request, response);
    } finally {
      endWork();
    }
  }

  function start(request: IncomingMessage, response: ServerResponse): void {
    running.add(response);
    if (lifecycle.draining || lifecycle.handingOver || connections.isCrowded()) {
      response.setHeader('connection', 'close');
    }
    // Handlers report their own errors. Anything thrown here is a bug, and the client must not wait for a response.
    handleIncoming(request, response).catch((error: unknown) => {
      services.log.error({ err: error }, 'request failed');
      response.destroy();
    });
  }

  function onEnd(response: ServerResponse): void {
    running.delete(response);
    if (running.size === 0) onIdle();
  }

  function enqueue(request: IncomingMessage, response: ServerResponse): void {
    requestQueue.handleInTurn(request, response, () => start(request, response));
  }

  const server = createServer(
    {
      headersTimeout: limits.nodeServer.headersTimeout,
      requestTimeout: limits.nodeServer.requestTimeout,
      keepAliveTimeout: limits.nodeServer.keepAliveTimeout,
      connectionsCheckingInterval: limits.nodeServer.timeoutCheckInterval,
      maxHeaderSize: limits.nodeServer.headerBytes,
      // No other protocol is supported. Next would close an upgraded connection without a response.
      shouldUpgradeCallback: () => false,
    },
    enqueue,
  );
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    deferContinue(request, response);
    enqueue(request, response);
  });
  server.on('connect', (_: IncomingMessage, socket: Socket) => {
    if (requestQueue.isBusy(socket)) socket.destroy();
    else rejectConnect(socket);
  });
  server.listen({ port: env.PORT, host: env.HOST });
  await once(server, 'listening');
  const { log, metrics } = services;
  const connections = limitConnections(server, { log, metrics, trustedHops: env.TRUSTED_PROXY_HOPS });
  const stopWatching = watchSlowReaders(running);
  server.once('close', stopWatching);

  /**
   * Closes idle connections, unless a response is still being sent: Node counts a connection as idle once the response
   * is written, and would cut off a slow reader.
   */
  function closeIdle(): void {
    const isSending = [...running].some((response) => response.writableEnded);
    if (!isSending) server.closeIdleConnections();
  }

  async function stop(): Promise<void> {
    lifecycle.draining = true;
    drainStreams();
    // A load balancer notices only at its next readiness check, and sends requests until then.
    if (env.SHUTDOWN_DELAY > 0) await delay(env.SHUTDOWN_DELAY * 1_000);
    closeIdle();
    if (running.size > 0) {
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await withTimeout(idle, limits.shutdownDeadline);
    }
    await close(server);
  }

  async function handOver(): Promise<void> {
    lifecycle.handingOver = true;
    drainStreams();
    for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close');
    const closed = once(server, 'close');
    // `close` of an HTTP server also closes idle connections, on which a request may already be on its way. `close`
    // of a net server only stops listening.
    Reflect.apply(NetServer.prototype.close, server, []);
    const sweep = setInterval(closeIdle, limits.cluster.idleGrace);
    const deadline = setTimeout(() => server.closeAllConnections(), limits.raw.deadline);
    await closed;
    clearInterval(sweep);
    clearTimeout(deadline);
  }
  return { stop, handOver };
}

function methodsResponse(): HttpResponse {
  return { status: 204, headers: { allow: methods.join(', ') }, body: null };
}

/**
 * Rejects CONNECT. Without a listener, Node would close the connection without a response. With one it leaves the socket
 * to it, and watches none of its timeouts.
 */
function rejectConnect(socket: Socket): void {
  socket.on('error', () => undefined);
  setTimeout(() => socket.destroy(), limits.nodeServer.lingerTime).unref();
  // Notices the end of the client's side.
  socket.resume();
  const allow = methods.join(', ');
  socket.end(
    `HTTP/1.1 405 Method Not Allowed\r\nAllow: ${allow}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
