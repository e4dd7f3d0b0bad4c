import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { AppError } from '../errors.ts';
import { Refusal } from './refusal.ts';
import { jsonResponse } from './whole-response.ts';

/** The answer to a request that was refused or failed: the same envelope on every route. */
export function errorResponse(error: AppError, where: { path: string | null; requestId: string }): Response {
  const data = error.toData(where);
  const json = { message: error.publicMessage, code: TRPC_ERROR_CODES_BY_KEY[data.code], data };
  return jsonResponse(
    { error: { json } },
    {
      status: data.httpStatus,
      headers: {
        'cache-control': 'no-store',
        ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
        ...(error instanceof Refusal ? error.headers : {}),
      },
    },
  );
}
