import type { ServerResponse } from 'node:http';
import { JSON_TYPE, type Reply } from './reply.ts';

/** A fault of a stand-in. It applies until it is replaced or cleared. */
export type Fault =
  /** Responds to every request with this status. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Accepts the request and never responds. */
  | { readonly kind: 'hang' }
  /** Resets the connection (RST) once the request has been read. */
  | { readonly kind: 'reset' }
  /** Responds with 200 and a body of the wrong form. */
  | { readonly kind: 'body'; readonly body: string; readonly contentType: string }
  /** Delays the correct response by this many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number };

/** Applies the current fault, if any. Otherwise, or after a delay, sends the correct response with `sendCorrect`. */
export function respond(response: ServerResponse, fault: Fault | undefined, sendCorrect: () => void): void {
  switch (fault?.kind) {
    case undefined:
      sendCorrect();
      break;
    case 'status':
      send(response, {
        status: fault.status,
        headers: { 'content-type': JSON_TYPE, ...fault.headers },
        body: fault.body ?? '',
      });
      break;
    case 'hang':
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
    case 'body':
      send(response, { status: 200, headers: { 'content-type': fault.contentType }, body: fault.body });
      break;
    case 'delay': {
      const timer = setTimeout(sendCorrect, fault.ms);
      response.once('close', () => clearTimeout(timer));
    }
  }
}

export function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  response.writeHead(reply.status, reply.headers);
  response.end(reply.body);
}
