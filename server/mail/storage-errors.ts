import { limits } from '../config/limits.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';

/** Runs a storage operation. Rejects with `AppError('mail_unavailable')` for any error that is not an AppError. */
export const withStorageErrors = storageErrorsAs('mail_unavailable', {
  retryAfterSeconds: limits.mail.retryAfterSeconds,
});
