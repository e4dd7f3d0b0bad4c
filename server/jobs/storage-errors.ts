import { storageErrorsAs } from '../storage/storage-errors.ts';

/** Runs a storage operation. Rejects with `AppError('storage_unavailable')` for any error that is not an AppError. */
export const withStorageErrors = storageErrorsAs('storage_unavailable');
