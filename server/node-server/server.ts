import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { isDocsPage } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import type { HttpServices } from '../http/handle-request.ts';
import { lifecycle } from '../process/lifecycle.ts';
import { findRoute } from '../routes/route-table.ts';
import { addDefaultHeaders } from './default-headers.ts';
import { setForwardedFor } from './forwarded.ts';
import { createPageConcurrency, writeOverloaded } from './page-concurrency.ts';
import { isPage, withPageSpan } from './page-span.ts';
import { pathOf, rejectMalformed, writeError } from './reject-malformed.ts';
import { respond } from './respond.ts';
import { addVary } from './vary.ts';

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export type NodeServer = {
  /** Says that it stops, for `SHUTDOWN_DELAY`; then lets what runs finish within the deadline, and closes every connection. */
  stop(): Promise<void>;
  /** Leaves the port to other processes and cuts nothing: each connection is closed with the answer to what comes on it. */
  handOver(): Promise<void>;
};

/**
 * The HTTP server in front of Next: it sees the socket, so the address of a client is true here, it answers what
 * needs nothing of Next by itself, and it can refuse what Next would stumble over and end in order.
 */
export async function startNodeServer(options: {
  env: Pick<Env, 'PORT' | 'SITE_URL' | 'TRUSTED_PROXY_HOPS' | 'SHUTDOWN_DELAY'>;
  services: HttpServices;
  /** For pages and files; may still be loading. */
  next: Promise<NodeHandler>;
}): Promise<NodeServer> {
  const { env, services, next } = options;
  const { origin } = new URL(env.SITE_URL);
  const serviceKeys = services.env.SERVICE_KEYS;
  const places = createPageConcurrency();
  const running = new Set<ServerResponse>();
  let whenIdle = (): void => undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      rejectMalformed(request);
    } catch (error) {
      if (!isAppError(error)) throw error;
      writeError(request, response, error, services);
      return;
    }
    setForwardedFor(request.headers, request.socket.remoteAddress, env.TRUSTED_PROXY_HOPS);
    const path = pathOf(request.url ?? '/');
    const handler = findRoute(path);
    if (handler) return respond(request, response, { handler, origin });
    addDefaultHeaders(response, env.SITE_URL);
    if (isPage(path) && !places.take(response)) return writeOverloaded(request, response, services);
    if (isDocsPage(path)) addVary(response, 'Accept');
    const handle = await next;
    // Who went away while it was loading is not answered.
    if (!response.destroyed) await withPageSpan(request, response, { path, origin, serviceKeys }, handle);
  }

  const server = createServer(
    {
      headersTimeout: limits.nodeServer.headersTimeout,
      requestTimeout: limits.nodeServer.requestTimeout,
      keepAliveTimeout: limits.nodeServer.keepAliveTimeout,
      maxHeaderSize: limits.nodeServer.headerBytes,
      // Nothing here speaks another protocol; Next would end such a connection without a word.
      shouldUpgradeCallback: () => false,
    },
    (request, response) => {
      running.add(response);
      response.once('close', () => {
        running.delete(response);
        if (running.size === 0) whenIdle();
      });
      if (lifecycle.draining || lifecycle.leaving) response.setHeader('connection', 'close');
      // Every handler tells its failures by itself; what is left is a defect, and its client must not wait.
      answer(request, response).catch((error: unknown) => {
        services.log.error({ err: error }, 'request failed');
        response.destroy();
      });
    },
  );
  server.listen(env.PORT);
  await once(server, 'listening');

  /**
   * Node takes an answer for sent as soon as it is written, and would cut what of it is still on its way to a slow
   * reader.
   */
  function closeIdle(): void {
    const isSending = [...running].some((response) => response.writableEnded);
    if (!isSending) server.closeIdleConnections();
  }

  async function stop(): Promise<void> {
    lifecycle.draining = true;
    // A balancer finds out by asking; until then it goes on sending.
    if (env.SHUTDOWN_DELAY > 0) await delay(env.SHUTDOWN_DELAY * 1_000);
    closeIdle();
    if (running.size > 0) {
      const idle = new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
      await Promise.race([idle, delay(limits.shutdownDeadline)]);
    }
    await close(server);
  }

  async function handOver(): Promise<void> {
    lifecycle.leaving = true;
    for (const response of running) if (!response.headersSent) response.setHeader('connection', 'close');
    const closed = once(server, 'close');
    // HTTP's own way to close would cut connections that are idle: on each of them a request may be on its way.
    Reflect.apply(NetServer.prototype.close, server, []);
    const sweep = setInterval(closeIdle, limits.cluster.idleGrace);
    const deadline = setTimeout(() => server.closeAllConnections(), limits.raw.deadline);
    await closed;
    clearInterval(sweep);
    clearTimeout(deadline);
  }
  return { stop, handOver };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
