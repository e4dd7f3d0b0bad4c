import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Env } from '../env.ts';
import { isAppError } from '../errors.ts';
import { lifecycle } from '../lifecycle.ts';
import { limits } from '../limits.ts';
import { isDocsPage } from '../paths.ts';
import { addDefaultHeaders } from './default-headers.ts';
import { answerDirectly, directHandlerOf } from './direct.ts';
import { setForwardedFor } from './forwarded.ts';
import { screen, writeRefusal } from './screen.ts';
import { addVary } from './vary.ts';

export type FrontServer = {
  /** Takes no more work, lets what runs finish within the deadline, then closes every connection. */
  stop(): Promise<void>;
};

/**
 * The HTTP server in front of Next: it sees the socket, so the address of a client is true here, and it can
 * refuse what Next would stumble over and end in order.
 */
export async function startFrontServer(options: {
  env: Pick<Env, 'PORT' | 'SITE_URL' | 'ALLOWED_ORIGINS' | 'TRUSTED_PROXY_HOPS'>;
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}): Promise<FrontServer> {
  const { env, handle } = options;
  let running = 0;
  const idle = new EventTarget();

  const server = createServer(
    {
      headersTimeout: limits.front.headersTimeout,
      requestTimeout: limits.front.requestTimeout,
      keepAliveTimeout: limits.front.keepAliveTimeout,
      maxHeaderSize: limits.front.headerBytes,
      // Nothing here speaks another protocol; Next would end such a connection without a word.
      shouldUpgradeCallback: () => false,
    },
    (request, response) => {
      running += 1;
      response.once('close', () => {
        running -= 1;
        if (running === 0) idle.dispatchEvent(new Event('idle'));
      });
      if (lifecycle.draining) response.setHeader('connection', 'close');
      addDefaultHeaders(response, env.SITE_URL);
      if (isDocsPage(request.url?.split('?', 1)[0] ?? '')) addVary(response, 'Accept');
      try {
        screen(request);
      } catch (error) {
        if (!isAppError(error)) throw error;
        writeRefusal(request, response, error, env);
        return;
      }
      setForwardedFor(request.headers, request.socket.remoteAddress, env.TRUSTED_PROXY_HOPS);
      const direct = directHandlerOf(request.url ?? '/');
      if (direct) void answerDirectly(request, response, { handler: direct, siteUrl: env.SITE_URL });
      else void handle(request, response);
    },
  );
  server.listen(env.PORT);
  await once(server, 'listening');

  async function stop(): Promise<void> {
    lifecycle.draining = true;
    server.closeIdleConnections();
    if (running > 0) {
      await Promise.race([once(idle, 'idle'), delay(limits.shutdownDeadline)]);
    }
    await close(server);
  }
  return { stop };
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
