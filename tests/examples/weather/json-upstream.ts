import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';

type Payload = { status?: number; json: unknown };

/** Starts a real HTTP server on loopback that returns one payload for each path and 404 for all others. */
export async function serveJson(payloads: Readonly<Record<string, Payload>>): Promise<string> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const payload = payloads[path] ?? { status: 404, json: { error: true, reason: 'Not Found' } };
    request.resume();
    request.on('end', () => {
      response.writeHead(payload.status ?? 200, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(payload.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
