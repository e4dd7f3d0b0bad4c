import type { IncomingMessage, ServerResponse } from 'node:http';
import { endRequestSpan, incomingTrace, startRequestSpan } from '../http/request-span.ts';
import type { ServiceKey } from '../http/service-key.ts';
import { tracing, withTraceContext } from '../observability/tracing/span.ts';
import { NodeRequest } from './node-request.ts';

/**
 * Runs Next's handler within a span, the parent of the spans of the page's calls. The span has neither Next's route,
 * which is unknown here, nor the requested path, which is arbitrary text from the request.
 */
export async function withPageSpan(
  message: IncomingMessage,
  response: ServerResponse,
  { origin, serviceKeys }: { origin: string; serviceKeys: readonly ServiceKey[] },
  handle: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<void> {
  const { traceparent } = message.headers;
  if (!tracing.tracer && traceparent === undefined) return handle(message, response);
  const request = new NodeRequest(message, origin);
  const incoming = incomingTrace(request.headers);
  const span = startRequestSpan(request, { route: 'page', incoming, serviceKeys });
  if (span) {
    response.once('close', () =>
      endRequestSpan(span, { status: response.statusCode, aborted: !response.writableFinished }),
    );
  }
  return withTraceContext(span ?? incoming, () => handle(message, response));
}
