import type { IncomingMessage, ServerResponse } from 'node:http';
import { endRequestSpan, givenTrace, startRequestSpan } from '../http/request-span.ts';
import type { ServiceKey } from '../http/service-key.ts';
import { tracing, withTraceContext } from '../observability/tracing/span.ts';
import { NodeRequest } from './node-request.ts';

/** Parts of pages and files: nothing is asked for them. */
const file = /^\/_next\/|^\/[^/]+\.\w+$/;

export function isPage(path: string): boolean {
  return !file.test(path);
}

/**
 * Lets Next answer, as a span that the calls of a page stand below. Its route is Next's own business, and the path that
 * was asked for may be anything: it is told of neither.
 */
export async function withPageSpan(
  message: IncomingMessage,
  response: ServerResponse,
  { path, origin, serviceKeys }: { path: string; origin: string; serviceKeys: readonly ServiceKey[] },
  answer: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<void> {
  const { traceparent } = message.headers;
  if (!isPage(path) || (!tracing.tracer && traceparent === undefined)) return answer(message, response);
  const request = new NodeRequest(message, origin);
  const given = givenTrace(request.headers);
  const span = startRequestSpan(request, { route: 'page', given, serviceKeys });
  if (span) {
    response.once('close', () =>
      endRequestSpan(span, { status: response.statusCode, aborted: !response.writableFinished }),
    );
  }
  return withTraceContext(span ?? given, () => answer(message, response));
}
