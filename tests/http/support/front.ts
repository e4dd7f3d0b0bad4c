import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseEnv } from '#server/config/env.ts';
import type { HttpServices } from '#server/http/handle-request.ts';
import { type NodeHandler, type NodeServer, startNodeServer } from '#server/node-server/server.ts';
import { createLogger } from '#server/observability/log.ts';

/** The front server in this process, with something in the place of Next. */
export async function startFront(next: NodeHandler): Promise<{ front: NodeServer; url: string }> {
  const PORT = await portOfNobody();
  const url = `http://127.0.0.1:${PORT}`;
  const front = await startNodeServer({
    env: { PORT, SITE_URL: url, TRUSTED_PROXY_HOPS: 0, SHUTDOWN_DELAY: 0 },
    services: httpServices({ SITE_URL: url }),
    next: Promise.resolve(next),
  });
  return { front, url };
}

/** The HTTP layer's services with these settings; it logs nothing and counts nothing. */
export function httpServices(variables: Record<string, string> = {}): HttpServices {
  const log = createLogger({ level: 'silent' });
  return { env: parseEnv(variables), log, metrics: { requestEnded: () => undefined } };
}

async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}
