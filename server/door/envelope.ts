import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { AppError } from '../errors.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { Refusal } from './refusal.ts';

/** The answer to a request that was refused or failed: the same envelope on every route. */
export function errorAnswer(
  error: AppError,
  where: { path: string | null; requestId: string },
): Answer & { body: string } {
  const data = error.toData(where);
  const json = { message: error.publicMessage, code: TRPC_ERROR_CODES_BY_KEY[data.code], data };
  return jsonAnswer(
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
