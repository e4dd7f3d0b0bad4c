import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { limits } from '../config/limits.ts';
import type { BufferedResponse } from '../http/response.ts';
import type { RouteHandler } from '../http/route-handlers.ts';
import { compressed, isWorthCompressing } from './compression.ts';
import { announcedBytes, linger } from './incoming-body.ts';
import { NodeRequest } from './node-request.ts';

/** Runs a handler of the door on Node's own request and response. */
export async function respond(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, origin }: { handler: RouteHandler; origin: string },
): Promise<void> {
  const request = new NodeRequest(message, origin);
  response.once('close', () => {
    if (!response.writableFinished) request.leave();
  });
  const { status, headers, body } = await handler(request);
  if (!(body instanceof Readable)) return respondBuffered(message, response, { status, headers, body });
  response.writeHead(status, headers);
  // What breaks off ends the connection: the client must not take it for the whole.
  await pipeline(body, response).catch(() => response.destroy());
}

/** In one write where it can be: head and body together are one packet. */
async function respondBuffered(
  message: IncomingMessage,
  response: ServerResponse,
  answer: BufferedResponse,
): Promise<void> {
  const { headers, status } = answer;
  const bytes = answer.body === null ? 0 : Buffer.byteLength(answer.body);
  const body = isWorthCompressing(answer, bytes) ? await compressed(message, answer) : answer.body;
  if (body !== null)
    headers['content-length'] = String(body === answer.body ? bytes : Buffer.byteLength(body));
  if (status >= 400 && !message.complete) {
    if (isTooMuch(message)) return rejectUpload(message, response, answer);
    limitRest(message);
  }
  response.writeHead(status, headers);
  response.end(body ?? undefined);
}

/** Whether more of a body may come than is read only to keep a connection. */
function isTooMuch(message: IncomingMessage): boolean {
  const announced = announcedBytes(message);
  return announced === undefined || announced > limits.nodeServer.drainBytes;
}

/** Node throws away what is left of a body. Whoever takes too long to send it loses the connection. */
function limitRest(message: IncomingMessage): void {
  const timer = setTimeout(() => message.socket.destroy(), limits.nodeServer.lingerTime);
  message.once('close', () => clearTimeout(timer));
}

/**
 * Answers a client that is still sending, and reads on for a moment: a connection that is closed meanwhile takes the
 * answer with it before the client has read it.
 */
async function rejectUpload(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: BufferedResponse,
): Promise<void> {
  response.writeHead(status, headers);
  response.write(body ?? '');
  // Whoever was too slow has had its time.
  if (status !== 408) await linger(message, limits.nodeServer);
  response.end();
  if (!message.complete) message.socket.destroy();
}
