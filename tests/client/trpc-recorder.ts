import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

type Recorded = { method: string; url: string; body: string };

export type Recorder = { baseUrl: string; requests: Recorded[]; close(): Promise<void> };

/** Starts a server that responds to every tRPC call with null, and records the requests. */
export async function startRecorder(options: { port?: number; status?: number } = {}): Promise<Recorder> {
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await record(request));
    const url = new URL(request.url ?? '/', 'http://localhost');
    const calls = url.pathname.split(',').length;
    const result = { result: { data: { json: null } } };
    response.writeHead(options.status ?? 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(url.searchParams.has('batch') ? Array.from({ length: calls }, () => result) : result),
    );
  }).listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function record(request: IncomingMessage): Promise<Recorded> {
  return { method: request.method ?? '', url: request.url ?? '', body: await text(request) };
}
