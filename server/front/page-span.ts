import type { IncomingMessage, ServerResponse } from 'node:http';
import { endRequestSpan, givenTrace, startRequestSpan } from '../door/request-span.ts';
import { tracing, within } from '../telemetry/span.ts';
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
export async function inPageSpan(
  message: IncomingMessage,
  response: ServerResponse,
  { path, origin }: { path: string; origin: string },
  answer: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<void> {
  const { traceparent } = message.headers;
  if (!isPage(path) || (!tracing.tracer && traceparent === undefined)) return answer(message, response);
  const request = new NodeRequest(message, origin);
  const given = givenTrace(request.headers);
  const span = startRequestSpan(request, { route: 'page', given });
  if (span) {
    response.once('close', () =>
      endRequestSpan(span, { status: response.statusCode, aborted: !response.writableFinished }),
    );
  }
  return within(span ?? given, () => answer(message, response));
}
