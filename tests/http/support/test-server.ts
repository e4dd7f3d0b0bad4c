import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Env, parseEnv } from '#server/config/env.ts';
import {
  type NodeHandler,
  type NodeServer,
  type NodeServerServices,
  startNodeServer,
} from '#server/node-server/server.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';

/**
 * Starts the product's HTTP server in this process, with `next` in the place of Next. One proxy is trusted, unless the
 * variables say otherwise. `lines` collects the lines of its log.
 */
export async function startTestServer(
  next: NodeHandler | Promise<NodeHandler>,
  variables: Record<string, string> = {},
): Promise<{ server: NodeServer; url: string; lines: unknown[] }> {
  const PORT = await unusedPort();
  const url = `http://127.0.0.1:${PORT}`;
  const lines: unknown[] = [];
  const env = parseEnv({ SITE_URL: url, TRUSTED_PROXY_HOPS: '1', ...variables });
  const server = await startNodeServer({
    env: { ...env, PORT },
    services: serverServices(env, lines),
    next: Promise.resolve(next),
  });
  return { server, url, lines };
}

/** Creates the server's services. They count no metrics. */
function serverServices(env: Env, lines: unknown[]): NodeServerServices {
  return {
    env,
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    metrics: {
      requestEnded: () => undefined,
      rateLimited: () => undefined,
      connectionDropped: () => undefined,
    },
    rateLimiter: createRateLimiter({ rateLimits: env.RATE_LIMITS }),
  };
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
