import { TRPCClientError } from '@trpc/client';
import type { ErrorData } from '#server/errors.ts';
import type { AppRouter } from '#server/trpc/router.ts';

/** An error of a call, with the envelope's `data` where the server answered at all. */
export type ApiError = TRPCClientError<AppRouter>;

export function isApiError(error: unknown): error is ApiError {
  return error instanceof TRPCClientError;
}

/** What the server said about a failed call; undefined when it could not be reached or the error is another. */
export function errorData(error: unknown): ErrorData | undefined {
  return isApiError(error) ? (error.data ?? undefined) : undefined;
}
