import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { requestScope } from '../request-scope.ts';
import { Refusal } from './refusal.ts';
import { requestIdOf } from './request-id.ts';

/** The answer to a request that was refused or failed: the same envelope on every route. */
export function errorResponse(error: AppError, where: { path: string | null; requestId: string }): Response {
  const data = error.toData(where);
  const json = { message: error.publicMessage, code: TRPC_ERROR_CODES_BY_KEY[data.code], data };
  return Response.json(
    { error: { json } },
    {
      status: data.httpStatus,
      headers: {
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': where.requestId,
        ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
        ...(error instanceof Refusal ? error.headers : {}),
      },
    },
  );
}

/**
 * Runs a handler in the scope of its request and answers whatever it throws with the envelope: 4xx as they
 * are, anything else as a 5xx whose cause goes to the log alone.
 *
 * @param pathOf what the envelope calls the place that was asked: the URL's path, unless told otherwise
 */
export async function withEnvelope(
  request: Request,
  handler: (request: Request, requestId: string) => Promise<Response>,
  pathOf: (request: Request) => string | null = urlPathOf,
): Promise<Response> {
  const requestId = requestIdOf(request);
  return requestScope.run({ requestId }, async () => {
    try {
      const response = await handler(request, requestId);
      response.headers.set('x-request-id', requestId);
      return response;
    } catch (cause) {
      const error = cause instanceof AppError ? cause : new AppError('internal', { cause });
      const path = pathOf(request);
      if (error.httpStatus >= 500) log().error({ path, reason: error.reason, err: error }, 'request failed');
      return errorResponse(error, { path, requestId });
    }
  });
}

function urlPathOf(request: Request): string | null {
  return URL.canParse(request.url) ? new URL(request.url).pathname : null;
}
