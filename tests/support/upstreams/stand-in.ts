import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, respond, send } from './fault.ts';
import { listenOnLoopback } from './loopback.ts';
import { record } from './recent.ts';
import { jsonReply, type Reply, type RequestHandler } from './reply.ts';
import { readBody } from './request-body.ts';
import { targetUrl } from './request-target.ts';

/** A request that a stand-in received. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A stand-in for one upstream, on its own loopback port. */
export interface StandIn {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  /** The last 200 requests, oldest first. The array is never replaced, so a test may empty it. */
  readonly requests: RecordedRequest[];
  /** Applies a fault from the next request on; undefined clears it. */
  readonly fault: (fault: Fault | undefined) => void;
  /** Stops the server and closes every socket, including hanging ones. May be called twice. */
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 512 * 1024;

/** Serves a handler over HTTP on a free port of 127.0.0.1. */
export async function startStandIn(handler: RequestHandler): Promise<StandIn> {
  const requests: RecordedRequest[] = [];
  let fault: Fault | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readBody(request, MAX_BODY_BYTES);
    if (read.kind === 'aborted') return;
    const { method = 'GET', url = '/', headers } = request;
    record(requests, { method, url, headers, body: read.text });
    if (read.kind === 'too-large') {
      // Closing stops an endless sender from keeping the connection open.
      send(response, jsonReply(413, { message: 'Payload Too Large' }, { connection: 'close' }));
      return;
    }
    respond(response, fault, () => send(response, callHandler(handler, method, url, headers, read.text)));
  }

  const { url, close } = await listenOnLoopback(handle);
  return {
    url,
    requests,
    fault: (next) => {
      fault = next;
    },
    close,
  };
}

/** Calls the handler. A request target that is not a path gets a 400, an error of the handler a 500. */
function callHandler(
  handler: RequestHandler,
  method: string,
  target: string,
  headers: IncomingHttpHeaders,
  body: string,
): Reply {
  const url = targetUrl(target);
  if (url === null) return jsonReply(400, { message: 'Bad Request' });
  try {
    return handler({ method, url, headers, body });
  } catch (error) {
    return jsonReply(500, { message: `The stand-in failed: ${String(error)}` });
  }
}
