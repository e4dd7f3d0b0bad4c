import { once } from 'node:events';
import { createServer } from 'node:net';
import { type FrontServer, type NodeHandler, startFrontServer } from '#server/front/server.ts';

/** The front server in this process, with something in the place of Next. */
export async function startFront(next: NodeHandler): Promise<{ front: FrontServer; url: string }> {
  const PORT = await portOfNobody();
  const url = `http://127.0.0.1:${PORT}`;
  const front = await startFrontServer({
    env: { PORT, SITE_URL: url, ALLOWED_ORIGINS: [], TRUSTED_PROXY_HOPS: 0, SHUTDOWN_DELAY: 0 },
    next: Promise.resolve(next),
  });
  return { front, url };
}

async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}
