import type { ServerResponse } from 'node:http';
import { JSON_TYPE, type Reply } from './reply.ts';

/** How a stand-in misbehaves until it is told otherwise. */
export type Fault =
  /** Every request gets this status. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection is taken, the answer never comes. */
  | { readonly kind: 'hang' }
  /** The connection is reset (RST) once the request was read. */
  | { readonly kind: 'reset' }
  /** 200 with a body of another form. */
  | { readonly kind: 'body'; readonly body: string; readonly contentType: string }
  /** The right answer, so many milliseconds late. */
  | { readonly kind: 'delay'; readonly ms: number };

/** Answers with the fault in force, if any, instead of (or before) what would be right. */
export function respond(response: ServerResponse, fault: Fault | undefined, right: () => void): void {
  switch (fault?.kind) {
    case undefined:
      right();
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
      const timer = setTimeout(right, fault.ms);
      response.once('close', () => clearTimeout(timer));
    }
  }
}

export function send(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return;
  response.writeHead(reply.status, reply.headers);
  response.end(reply.body);
}
