import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseEnv } from '#server/config/env.ts';
import type { HttpServices } from '#server/http/handle-request.ts';
import { type NodeHandler, type NodeServer, startNodeServer } from '#server/node-server/server.ts';
import { createLogger } from '#server/observability/log.ts';

/** Starts the product's HTTP server in this process, with `next` in the place of Next. */
export async function startTestServer(next: NodeHandler): Promise<{ server: NodeServer; url: string }> {
  const PORT = await unusedPort();
  const url = `http://127.0.0.1:${PORT}`;
  const server = await startNodeServer({
    env: { PORT, SITE_URL: url, TRUSTED_PROXY_HOPS: 0, SHUTDOWN_DELAY: 0 },
    services: httpServices({ SITE_URL: url }),
    next: Promise.resolve(next),
  });
  return { server, url };
}

/** Creates the HTTP layer's services with these settings. They log nothing and count nothing. */
function httpServices(variables: Record<string, string> = {}): HttpServices {
  const log = createLogger({ level: 'silent' });
  return { env: parseEnv(variables), log, metrics: { requestEnded: () => undefined } };
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
