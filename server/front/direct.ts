import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { WholeResponse } from '../door/whole-response.ts';
import { limits } from '../limits.ts';
import { compressed, isWorthCompressing } from './compression.ts';
import { linger } from './incoming-body.ts';
import { NodeRequest } from './node-request.ts';
import type { WebHandler } from './routes.ts';

/** Runs a handler of web requests on Node's own. */
export async function answerDirectly(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, origin }: { handler: WebHandler; origin: string },
): Promise<void> {
  const request = new NodeRequest(message, origin + (message.url ?? '/'));
  response.once('close', () => {
    if (!response.writableFinished) request.leave();
  });
  const answer = await handler(request);
  if (answer instanceof WholeResponse) return answerWhole(message, response, answer);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) {
    response.end();
    return;
  }
  // What breaks off ends the connection: the client must not take it for the whole.
  await pipeline(chunksOf(answer.body), response).catch(() => response.destroy());
}

/** In one write where it can be: head and body together are one packet. */
async function answerWhole(
  message: IncomingMessage,
  response: ServerResponse,
  answer: WholeResponse,
): Promise<void> {
  const { headers, status } = answer;
  const body = isWorthCompressing(answer) ? await compressed(message, answer) : answer.whole;
  if (body !== null) headers.set('content-length', String(Buffer.byteLength(body)));
  if (isStillSending(message) && status >= 400) return refuseUpload(message, response, answer);
  response.writeHead(status, Object.fromEntries(headers));
  response.end(body ?? undefined);
}

/** Whether more of a body may come than Node throws away by itself without harm. */
function isStillSending(message: IncomingMessage): boolean {
  if (message.complete) return false;
  const { 'content-length': announced, 'transfer-encoding': encoding } = message.headers;
  return encoding !== undefined || Number(announced ?? 0) > limits.jsonBodyBytes;
}

/**
 * Answers a client that is still sending, and reads on for a moment: a connection that is closed meanwhile takes the
 * answer with it before the client has read it.
 */
async function refuseUpload(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, whole }: WholeResponse,
): Promise<void> {
  response.writeHead(status, Object.fromEntries(headers));
  response.write(whole ?? '');
  // Whoever was too slow has had its time.
  if (status !== 408) await linger(message, limits.front);
  response.end();
  if (!message.complete) message.socket.destroy();
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
