import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';

/** Runs a storage operation. Rejects with `AppError('mail_unavailable')` for any error that is not an AppError. */
export async function withStorageErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw new AppError('mail_unavailable', { cause, retryAfterSeconds: limits.mail.retryAfterSeconds });
  }
}
