/**
 * This product's procedures on node:http without its HTTP layer: no checks, request ids, log line or rate limits, and
 * only the headers that HTTP requires. Comparing it with `npm start` shows the cost of the HTTP layer.
 */
import { createServer } from 'node:http';
import { trpcEndpoint } from '#server/config/paths.ts';
import { NodeRequest } from '#server/node-server/node-request.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { callProcedures } from '#server/trpc/http/call-procedures.ts';

const decoder = new TextDecoder();

createServer(async (message, response) => {
  const request = new NodeRequest(message, 'http://127.0.0.1');
  const { pathname, searchParams } = request.target;
  const isBatch = searchParams.get('batch') === '1';
  const path = pathname.slice(trpcEndpoint.length + 1);
  const body = await request.readBody({ maxBytes: 1_000_000, deadline: 10_000 });
  const { status, body: text } = await callProcedures({
    paths: isBatch ? path.split(',') : [path],
    isBatch,
    isJson: true,
    readInput: () => (body ? JSON.parse(decoder.decode(body)) : undefined),
    ctx: createInnerContext({ services: services(), requestId: 'none' }),
    signal: request.signal,
    onError: () => {},
  });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}).listen(Number(process.env.PORT), '127.0.0.1');
