import { TRPCClientError } from '@trpc/client';
import type { ErrorData } from '#server/errors.ts';
import type { AppRouter } from '#server/trpc/router.ts';

/** The error of a failed call. It has `data` if the server responded. */
export type ApiError = TRPCClientError<AppRouter>;

export function isApiError(error: unknown): error is ApiError {
  return error instanceof TRPCClientError;
}

/**
 * Returns the `data` of the error response. It is undefined if the server could not be reached, and for any other kind
 * of error.
 */
export function errorData(error: unknown): ErrorData | undefined {
  return isApiError(error) ? (error.data ?? undefined) : undefined;
}
