import { type AppError, jsonRpcCodes } from '../errors.ts';
import { HttpError } from './http-error.ts';
import { type HttpResponse, jsonResponse } from './response.ts';

/** Returns the error response of a rejected or failed request. It has the same format on every route. */
export function errorResponse(
  error: AppError,
  where: { path: string | null; requestId: string },
): HttpResponse & { body: string } {
  const data = error.toData(where);
  const json = { message: error.publicMessage, code: jsonRpcCodes[data.code], data };
  return jsonResponse(
    { error: { json } },
    {
      status: data.httpStatus,
      headers: {
        'cache-control': 'no-store',
        ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
        ...(error instanceof HttpError ? error.headers : {}),
      },
    },
  );
}
