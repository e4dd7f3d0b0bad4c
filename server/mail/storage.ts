import { AppError, isAppError } from '../errors.ts';

/** Runs a storage operation; whatever the storage throws becomes `AppError('mail_unavailable')`. */
export async function storage<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw isAppError(cause) ? cause : new AppError('mail_unavailable', { cause });
  }
}
