import { isRecord } from '../lib/is-record.ts';

/**
 * Why the database cannot be written. `missing` and `replaced` concern the SQLite file or its folder. `opening`: opening it
 * takes long, for example because of a migration.
 */
export type StorageFault =
  | 'disk_full'
  | 'disk_error'
  | 'read_only'
  | 'locked'
  | 'missing'
  | 'replaced'
  | 'unreachable'
  | 'opening'
  | 'failed';

/** An error of the storage that no driver has thrown. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: 'STORAGE_OPENING' | 'STORAGE_TIMEOUT' | 'STORAGE_CONNECTION';

  constructor(message: string, code: StorageError['code'], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Codes of Node, SQLite, its thread, and PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const faultsByCode: readonly [pattern: RegExp, fault: StorageFault][] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT|53100)$/, 'disk_full'],
  [/^(SQLITE_READONLY\w*|EROFS|EACCES|25006|42501)$/, 'read_only'],
  [/^(SQLITE_BUSY\w*|SQLITE_QUEUE_FULL|55P03)$/, 'locked'],
  [/^(SQLITE_MISSING|ENOENT|ENOTDIR|EISDIR|EEXIST)$/, 'missing'],
  [/^SQLITE_REPLACED$/, 'replaced'],
  [/^(SQLITE_(IOERR\w*|HANGS|CORRUPT\w*|NOTADB|CANTOPEN\w*)|EIO|58030)$/, 'disk_error'],
  [/^STORAGE_OPENING$/, 'opening'],
  // SQLSTATEs: connection exceptions, too many connections, and a server that starts or stops.
  [/^(STORAGE_TIMEOUT|STORAGE_CONNECTION|08...|53300|57P0.)$/, 'unreachable'],
  [/^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/, 'unreachable'],
];

/** Returns the fault of an error, by the first known code in its chain of causes. */
export function storageFaultOf(error: unknown): StorageFault {
  const seen = new Set<unknown>();
  for (let each = error; isRecord(each) && !seen.has(each); each = each.cause) {
    seen.add(each);
    const { code } = each;
    if (typeof code !== 'string') continue;
    const known = faultsByCode.find(([pattern]) => pattern.test(code));
    if (known) return known[1];
  }
  return 'failed';
}
