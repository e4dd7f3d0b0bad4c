import { AppError, isAppError } from '../errors.ts';

/** Runs a storage operation. Rejects with `AppError('mail_unavailable')` for any error that is not an AppError. */
export async function withStorageErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw isAppError(cause) ? cause : new AppError('mail_unavailable', { cause });
  }
}
