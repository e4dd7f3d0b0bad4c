import { type AppError, type ErrorJson, jsonRpcCodes } from '../errors.ts';
import { HttpError } from './http-error.ts';
import type { HttpResponse } from './response.ts';

/**
 * Returns the error response of a rejected or failed request. It has the same format on every route.
 *
 * @param options.bodyOf returns the body, for a protocol that needs the error in another form as well
 */
export function errorResponse(
  error: AppError,
  options: { path: string | null; requestId: string; bodyOf?: (json: ErrorJson) => string },
): HttpResponse & { body: string } {
  const { path, requestId, bodyOf = (json) => JSON.stringify({ error: { json } }) } = options;
  const data = error.toData({ path, requestId });
  return {
    status: data.httpStatus,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
      ...(error instanceof HttpError ? error.headers : {}),
    },
    body: bodyOf({ message: error.publicMessage, code: jsonRpcCodes[data.code], data }),
  };
}
