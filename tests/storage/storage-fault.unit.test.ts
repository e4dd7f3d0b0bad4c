import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { withStorageErrors } from '#server/mail/storage-errors.ts';
import { StorageError, type StorageFault, storageFaultOf } from '#server/storage/storage-fault.ts';

const withCode = (code: unknown, cause?: unknown) =>
  Object.assign(new Error('text of the driver', { cause }), { code });

const codes: Record<StorageFault, string[]> = {
  disk_full: ['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100'],
  disk_error: [
    ...['SQLITE_IOERR', 'SQLITE_IOERR_WRITE', 'SQLITE_HANGS', 'SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX'],
    ...['SQLITE_NOTADB', 'SQLITE_CANTOPEN', 'SQLITE_CANTOPEN_ISDIR', 'EIO', '58030'],
  ],
  read_only: ['SQLITE_READONLY', 'SQLITE_READONLY_DBMOVED', 'EROFS', 'EACCES', '25006', '42501'],
  locked: ['SQLITE_BUSY', 'SQLITE_BUSY_TIMEOUT', 'SQLITE_QUEUE_FULL', '55P03'],
  missing: ['SQLITE_MISSING', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST'],
  replaced: ['SQLITE_REPLACED'],
  unreachable: [
    ...['STORAGE_TIMEOUT', 'STORAGE_CONNECTION', '08000', '08006', '53300', '57P01', '57P02', '57P03'],
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'],
    'EAI_AGAIN',
  ],
  opening: ['STORAGE_OPENING'],
  failed: [
    // Constraints, a wrong statement, and codes that only contain a known one.
    ...['23505', '42601', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'MY_ENOSPC', 'ENOSPC_2', 'XENOENT'],
    ...['SQLITE_REPLACED_2', 'SQLITE_FULLER', '080066', '1080', 'SQLITE_QUEUE_FULL_2', '57P012', 'EPIPES'],
    ...['SQLITE_MISSING_2', 'EIO_2', 'XEIO', 'XSQLITE_BUSY', 'XEROFS', '425011', 'STORAGE_OPENING_2'],
  ],
};
const rows = Object.entries(codes).flatMap(([fault, all]) => all.map((code) => ({ code, fault })));

test.each(rows)('the fault of an error with the code $code is $fault', ({ code, fault }) => {
  expect(storageFaultOf(withCode(code))).toBe(fault);
  expect(storageFaultOf(new AppError('mail_unavailable', { cause: withCode(code) }))).toBe(fault);
});

describe('the fault of', () => {
  test('a chain of errors is that of the first known code', () => {
    const chain = withCode('23505', withCode(7, withCode('SQLITE_FULL', withCode('ECONNREFUSED'))));
    expect(storageFaultOf(chain)).toBe('disk_full');
  });

  test('an error that is its own cause is a failure', () => {
    const circular = new Error('first');
    circular.cause = new Error('second', { cause: circular });
    expect(storageFaultOf(circular)).toBe('failed');
  });

  test.each([
    [new StorageError('late', 'STORAGE_TIMEOUT'), 'unreachable'],
    [new StorageError('migrating', 'STORAGE_OPENING'), 'opening'],
    [new Error('anything'), 'failed'],
    ['ENOENT', 'failed'],
    [undefined, 'failed'],
  ])('%o is %s', (thrown, fault) => {
    expect(storageFaultOf(thrown)).toBe(fault);
  });
});

describe('a storage operation', () => {
  test('passes its result and the errors of the product', async () => {
    const conflict = new AppError('idempotency_conflict');
    expect(await withStorageErrors(async () => 7)).toBe(7);
    await expect(withStorageErrors(() => Promise.reject(conflict))).rejects.toBe(conflict);
  });

  test('that fails otherwise is mail_unavailable, with the time to try again and its cause', async () => {
    const cause = withCode('SQLITE_FULL');
    await expect(withStorageErrors(() => Promise.reject(cause))).rejects.toMatchObject({
      reason: 'mail_unavailable',
      retryAfterSeconds: 5,
      cause,
    });
  });
});
