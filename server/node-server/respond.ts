import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { limits } from '../config/limits.ts';
import type { BufferedResponse } from '../http/response.ts';
import type { RouteHandler } from '../http/route-handlers.ts';
import { compressBody, isWorthCompressing } from './compression.ts';
import { declaredLength, linger } from './incoming-body.ts';
import { NodeRequest } from './node-request.ts';

/** Runs a route's handler on Node's request and response. */
export async function respond(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, origin }: { handler: RouteHandler; origin: string },
): Promise<void> {
  const request = new NodeRequest(message, origin);
  response.on('close', () => {
    if (!response.writableFinished) request.abort();
  });
  const { status, headers, body, cookies } = await handler(request);
  if (cookies) response.setHeader('set-cookie', [...cookies]);
  if (!(body instanceof Readable)) return respondBuffered(message, response, { status, headers, body });
  response.writeHead(status, headers);
  // A failed stream destroys the connection, so that the client does not take the body for complete.
  await pipeline(body, response).catch(() => response.destroy());
}

/** Sends head and body in one write, so that a small response is one packet. */
async function respondBuffered(
  message: IncomingMessage,
  response: ServerResponse,
  buffered: BufferedResponse,
): Promise<void> {
  const { headers, status } = buffered;
  const bytes = buffered.body === null ? 0 : Buffer.byteLength(buffered.body);
  const body = isWorthCompressing(buffered, bytes) ? await compressBody(message, buffered) : buffered.body;
  if (body !== null)
    headers['content-length'] = String(body === buffered.body ? bytes : Buffer.byteLength(body));
  if (status >= 400 && !message.complete) {
    if (isTooLargeToDrain(message)) return rejectUpload(message, response, buffered);
    limitDrainTime(message);
  }
  response.writeHead(status, headers);
  response.end(body ?? undefined);
}

/** Returns whether the rest of a body may be larger than what is read just to keep the connection. */
function isTooLargeToDrain(message: IncomingMessage): boolean {
  const length = declaredLength(message);
  return length === undefined || length > limits.nodeServer.drainBytes;
}

/** Limits the time in which the body of a request for Next must arrive. Then the connection is destroyed. */
export function limitBodyTime(message: IncomingMessage): void {
  if (message.complete) return;
  const timer = setTimeout(() => message.socket.destroy(), limits.bodyDeadline);
  message.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}

/** Limits the time in which Node reads and discards the rest of a body. Then the connection is destroyed. */
function limitDrainTime(message: IncomingMessage): void {
  const timer = setTimeout(() => message.socket.destroy(), limits.nodeServer.lingerTime);
  message.once('close', () => clearTimeout(timer));
}

/**
 * Responds to a client that is still sending, and keeps reading for a limited time (lingering close). Closing the
 * connection at once would reset it, and the client would lose the response.
 */
async function rejectUpload(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: BufferedResponse,
): Promise<void> {
  response.writeHead(status, headers);
  response.write(body ?? '');
  // After a request timeout the client gets no more time.
  if (status !== 408) await linger(message, limits.nodeServer);
  response.end();
  if (!message.complete) message.socket.destroy();
}
