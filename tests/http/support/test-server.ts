import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseEnv } from '#server/config/env.ts';
import {
  type NodeHandler,
  type NodeServer,
  type NodeServerServices,
  startNodeServer,
} from '#server/node-server/server.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';

/** Starts the product's HTTP server in this process, with `next` in the place of Next. One proxy is trusted. */
export async function startTestServer(
  next: NodeHandler,
  variables: Record<string, string> = {},
): Promise<{ server: NodeServer; url: string }> {
  const PORT = await unusedPort();
  const url = `http://127.0.0.1:${PORT}`;
  const services = serverServices({ SITE_URL: url, ...variables });
  const { SITE_URL, HSTS_SUBDOMAINS } = services.env;
  const server = await startNodeServer({
    env: { PORT, SITE_URL, HSTS_SUBDOMAINS, TRUSTED_PROXY_HOPS: 1, SHUTDOWN_DELAY: 0 },
    services,
    next: Promise.resolve(next),
  });
  return { server, url };
}

/** Creates the server's services with these settings. They log nothing and count no metrics. */
function serverServices(variables: Record<string, string>): NodeServerServices {
  const env = parseEnv(variables);
  return {
    env,
    log: createLogger({ level: 'silent' }),
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
