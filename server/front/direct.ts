import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { limits } from '../limits.ts';
import { rawEndpoint } from '../paths.ts';
import { handleRaw } from '../raw/upstream.ts';

const { lingerTime, lingerBytes } = limits.front;

type Handler = (request: Request) => Promise<Response>;

/**
 * The handler of what is answered here and not by Next, by the same function that the route handler mounts. A
 * stream is: Next drops its Content-Length, by which a client knows how far it is and whether it is whole.
 */
export function directHandlerOf(url: string): Handler | undefined {
  return url.startsWith(`${rawEndpoint}/`) ? handleRaw : undefined;
}

/** Runs a handler of web requests on Node's own. */
export async function answerDirectly(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, siteUrl }: { handler: Handler; siteUrl: string },
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  const answer = await handler(toRequest(message, siteUrl, left.signal));
  if (!message.complete && answer.status >= 400) return refuseUpload(message, response, answer);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) {
    response.end();
    return;
  }
  // What breaks off ends the connection: the client must not take it for the whole.
  await pipeline(chunksOf(answer.body), response).catch(() => response.destroy());
}

function toRequest(message: IncomingMessage, siteUrl: string, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', headers } = message;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(new URL(url, siteUrl), {
    method,
    signal,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
    ...(hasBody ? { body: streamOf(message), duplex: 'half' } : {}),
  });
}

/** Read only as fast as it is taken; once nobody takes it any more, it is thrown away. */
function streamOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  let wanted = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        message.pause();
        message.on('data', (chunk: Buffer) => {
          if (!wanted) return;
          controller.enqueue(chunk);
          message.pause();
        });
        message.once('end', () => wanted && controller.close());
        message.once('close', () => {
          if (wanted && !message.complete) controller.error(new Error('the client left'));
        });
      },
      pull: () => void message.resume(),
      cancel() {
        wanted = false;
        message.resume();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Answers a client that is still sending, and reads on for a moment: a connection that is closed meanwhile takes the
 * answer with it before the client has read it.
 */
async function refuseUpload(
  message: IncomingMessage,
  response: ServerResponse,
  answer: Response,
): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  answer.headers.set('content-length', String(body.byteLength));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.write(body);
  await read(message);
  response.end();
  if (!message.complete) message.socket.destroy();
}

/** Throws away what comes, until it ends or becomes too much or too slow. */
function read(message: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    // Whoever read before paused it after each chunk.
    message.removeAllListeners('data');
    const timer = setTimeout(resolve, lingerTime);
    message.once('close', resolve);
    message.once('end', resolve);
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > lingerBytes) resolve();
    });
    message.resume();
    message.once('close', () => clearTimeout(timer));
  });
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
