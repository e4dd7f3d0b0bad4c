import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: several frames. */
const pause = 100;

/**
 * Starts a server in front of the product at `origin` that pauses a page before the label of each button, as a slow
 * connection or a busy browser may. It answers GET requests and forwards no cookies.
 */
export async function startSlowHtml(origin: string): Promise<{ baseUrl: string; server: Server }> {
  const server = createServer(async (incoming, outgoing) => {
    const response = await fetch(`${origin}${incoming.url}`);
    const type = response.headers.get('content-type') ?? '';
    outgoing.writeHead(response.status, { 'content-type': type });
    if (!type.startsWith('text/html')) return outgoing.end(Buffer.from(await response.arrayBuffer()));
    for (const part of (await response.text()).split(/(?<=<button[^>]*>)/)) {
      outgoing.write(part);
      await delay(pause);
    }
    return outgoing.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { baseUrl: `http://127.0.0.1:${address.port}`, server };
}
