import { AppError, type ErrorReason, isAppError } from '../errors.ts';

/** Returns a function that runs storage operations. It rejects with `AppError(reason)` for any other error. */
export function storageErrorsAs(reason: ErrorReason, options: { retryAfterSeconds?: number } = {}) {
  return async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (cause) {
      if (isAppError(cause)) throw cause;
      throw new AppError(reason, { ...options, cause });
    }
  };
}
