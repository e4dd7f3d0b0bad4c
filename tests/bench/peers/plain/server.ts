/**
 * The smallest node:http server that sends the same bytes: it parses, validates and serializes, but has no guards, no
 * limits and no log.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import superjson, { type SuperJSONResult } from 'superjson';
import { z } from 'zod';
import { conditionalText } from './conditional-text.ts';

const wireSchema = z.custom<SuperJSONResult>(
  (value) => typeof value === 'object' && value !== null && 'json' in value,
);
const wireBatchSchema = z.record(z.string(), wireSchema);
const bodyOutput = z.object({ res: z.unknown() });
const requestOutput = z.object({
  method: z.string(),
  pathname: z.string(),
  userAgent: z.string().nullable(),
  receivedAt: z.date(),
});

const echoBody = (wire: SuperJSONResult) => {
  const input = z.unknown().parse(superjson.deserialize(wire));
  return { result: { data: superjson.serialize(bodyOutput.parse({ res: input })) } };
};

const echoRequest = ({ method = 'GET', headers }: IncomingMessage, pathname: string) => {
  const output = { method, pathname, userAgent: headers['user-agent'] ?? null, receivedAt: new Date() };
  return { result: { data: superjson.serialize(requestOutput.parse(output)) } };
};

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function withBody(request: IncomingMessage, use: (json: unknown) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => use(JSON.parse(Buffer.concat(chunks).toString())));
}

createServer((request, response) => {
  const [pathname = '/', query = ''] = (request.url ?? '/').split('?');
  const isPost = request.method === 'POST';
  if (pathname === '/api/trpc/fixture.body' && isPost) {
    withBody(request, (json) => sendJson(response, 200, echoBody(wireSchema.parse(json))));
  } else if (pathname.startsWith('/api/trpc/fixture.body,') && isPost && query === 'batch=1') {
    withBody(request, (json) =>
      sendJson(response, 200, Object.values(wireBatchSchema.parse(json)).map(echoBody)),
    );
  } else if (pathname === '/api/trpc/fixture.request' && !isPost) {
    sendJson(response, 200, echoRequest(request, pathname));
  } else if (!conditionalText(request, response)) {
    sendJson(response, 404, { error: 'not found' });
  }
}).listen(Number(process.env.PORT), '127.0.0.1');
