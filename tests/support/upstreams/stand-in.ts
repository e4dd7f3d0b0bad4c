import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, respond, send } from './fault.ts';
import { listenOnLoopback } from './loopback.ts';
import { record } from './recent.ts';
import { type Answer, jsonReply, type Reply } from './reply.ts';
import { readBody } from './request-body.ts';
import { targetUrl } from './request-target.ts';

/** What a stand-in was asked, in the order the requests were read. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One upstream on a loopback port of its own. */
export interface StandIn {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  readonly url: string;
  /** The last 200; the array stays the same, so a test may empty it. */
  readonly requests: RecordedRequest[];
  /** Misbehave from the next request on; undefined: behave again. */
  readonly fault: (fault: Fault | undefined) => void;
  /** Ends the server and every socket, hanging ones too. May be called twice. */
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 512 * 1024;

/** Serves `answer` over HTTP on a free port of 127.0.0.1. */
export async function startStandIn(answer: Answer): Promise<StandIn> {
  const requests: RecordedRequest[] = [];
  let fault: Fault | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readBody(request, MAX_BODY_BYTES);
    if (read.kind === 'aborted') return;
    const { method = 'GET', url = '/', headers } = request;
    record(requests, { method, url, headers, body: read.text });
    if (read.kind === 'too-large') {
      // Closing keeps a sender without an end from holding the connection.
      send(response, jsonReply(413, { message: 'Payload Too Large' }, { connection: 'close' }));
      return;
    }
    respond(response, fault, () => send(response, safely(answer, method, url, headers, read.text)));
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

/** A request target that is no path is the sender's fault, anything thrown by the answer is ours. */
function safely(
  answer: Answer,
  method: string,
  target: string,
  headers: IncomingHttpHeaders,
  body: string,
): Reply {
  const url = targetUrl(target);
  if (url === null) return jsonReply(400, { message: 'Bad Request' });
  try {
    return answer({ method, url, headers, body });
  } catch (error) {
    return jsonReply(500, { message: `The stand-in failed: ${String(error)}` });
  }
}
