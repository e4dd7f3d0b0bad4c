import type { IncomingMessage, ServerResponse } from 'node:http';

/** Requests whose client waits for a 100 Continue before it sends the body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Records that the client waits. Node itself would send the 100 Continue before the head is checked. */
export function deferContinue(message: IncomingMessage, response: ServerResponse): void {
  waiting.set(message, response);
}

/**
 * Sends the 100 Continue that the client waits for, if any. Called when the body is read, so that a request that is
 * rejected by its head gets the final status at once (RFC 9110, section 10.1.1).
 */
export function sendContinue(message: IncomingMessage): void {
  const response = waiting.get(message);
  if (!response) return;
  waiting.delete(message);
  if (!response.headersSent) response.writeContinue();
}
