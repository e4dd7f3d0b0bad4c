import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { acceptsMediaType } from '../lib/media-type.ts';
import type { Logger } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import type { BlobStore, ByteRange, PresignedRequest } from './blob-store.ts';
import { pendingKey } from './blob-store.ts';
import type { Bucket } from './define-bucket.ts';
import { cleanFileName } from './file-name.ts';
import { createFileRecords, type FileRecord, type FileRecords } from './file-records.ts';
import { createIncoming, fileTooLarge, type IncomingFile } from './incoming.ts';
import { detectMediaType } from './media-type.ts';
import { createStore } from './store.ts';
import type { FileStatus } from './tables.ts';

const withStorageErrors = storageErrorsAs('storage_unavailable');

/** A stored file and its bucket. */
export type StoredFile = FileRecord & { settings: Bucket };

/** The client's description of a file that it will upload directly. */
type DeclaredFile = { name: string; bytes: number; mediaType: string };

export type Files = {
  /**
   * Stores a file; resolves once its content and its entry are durable. Nothing is left behind after a failure.
   *
   * @param options.signal ends the upload
   * @throws AppError `unsupported_media_type`, `payload_too_large`, `too_many_files`, `invalid_input`, `request_timeout` or
   * `storage_unavailable`; and what the chunks throw
   */
  store(
    bucket: Bucket,
    options: { userId: string; file: IncomingFile; signal: AbortSignal },
  ): Promise<StoredFile>;
  /**
   * Lists the files of a user, the newest first.
   *
   * @param options.cursor `nextCursor` of the previous part of the list
   */
  list(
    userId: string,
    options: { bucket?: string | undefined; cursor?: string | undefined; limit: number },
  ): Promise<{ files: StoredFile[]; nextCursor: string | null }>;
  /** Deletes a file of a user durably. @returns false if the user has no such file */
  remove(userId: string, id: string): Promise<boolean>;
  /** @returns undefined if there is no such file, or if its bucket is no longer declared */
  find(id: string): Promise<StoredFile | undefined>;
  /** @throws AppError `storage_unavailable`, also if the content is gone */
  read(file: StoredFile, options: { range: ByteRange | undefined; signal: AbortSignal }): Promise<Readable>;
  /** @returns a presigned URL for a download, or undefined if the bucket or the store allows none */
  downloadUrl(
    file: StoredFile,
    headers: { contentType: string; contentDisposition: string },
  ): Promise<string | undefined>;
  /** Origins of the object storage to which pages may upload. */
  directOrigins: readonly string[];
  /**
   * Begins the upload of a file by its client to the object storage.
   *
   * @returns undefined if the bucket or the store allows none
   * @throws AppError as `store`
   */
  beginDirectUpload(
    bucket: Bucket,
    options: { userId: string; file: DeclaredFile },
  ): Promise<{ id: string; request: PresignedRequest } | undefined>;
  /**
   * Checks and stores the file of a direct upload.
   *
   * @returns undefined if the user has no such upload, or has not uploaded its content
   * @throws AppError as `store`
   */
  completeDirectUpload(options: {
    userId: string;
    id: string;
    signal: AbortSignal;
  }): Promise<StoredFile | undefined>;
  /** For the operator. */
  operations: {
    /** Lists the files of all users or of one, the newest first, also those that are not stored yet. */
    list(options: {
      userId: string | undefined;
      limit: number;
    }): Promise<(FileRecord & { status: FileStatus })[]>;
    /** Deletes a file durably. @returns false if there is none, or if it is being stored */
    remove(id: string): Promise<boolean>;
    /** Deletes all files of a user durably. @returns their number */
    removeOf(userId: string): Promise<number>;
  };
  /** Deletes what uploads and deletions that did not end have left behind. @returns the number of files */
  cleanUp(signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
};

/** @throws Error if two buckets have the same name */
export function createFiles(options: {
  env: Env;
  log: Logger;
  database: Pick<LazyDatabase, 'open'>;
  buckets: readonly Bucket[];
  /** Default: that of the settings. */
  store?: BlobStore;
}): Files {
  const { env, log, database } = options;
  const buckets = new Map(options.buckets.map((bucket) => [bucket.name, bucket]));
  if (buckets.size < options.buckets.length) throw new Error('Two buckets have the same name.');
  const folder = join(/* turbopackIgnore: true */ env.DATA_DIR, 'files');
  // The name of a bucket has no dot.
  const incoming = createIncoming(join(folder, '.incoming'));
  const store = options.store ?? createStore(env, folder);
  const recordsOf = new WeakMap<Database, FileRecords>();

  async function records(): Promise<FileRecords> {
    const db = await database.open();
    const known = recordsOf.get(db) ?? createFileRecords(db);
    recordsOf.set(db, known);
    return known;
  }

  function withBucket(record: FileRecord | undefined): StoredFile | undefined {
    const settings = record && buckets.get(record.bucket);
    return settings && { ...record, settings };
  }

  /** @throws Error if a bucket is not in the list: a defect */
  function requireListed({ name }: Bucket): void {
    if (!buckets.has(name)) throw new Error(`The bucket ${name} is not in the list of buckets.`);
  }

  /** Deletes the content of a file, and then its row. A failure is logged: the clean-up tries it again. */
  async function erase(file: Pick<FileRecord, 'id' | 'bucket'>, signal: AbortSignal): Promise<boolean> {
    try {
      await incoming.discard(file.id);
      await store.remove(file, signal);
      if (store.direct) await store.remove(pendingKey(file), signal);
      await (await records()).forget(file.id);
      return true;
    } catch (err) {
      log.warn({ err, file: file.id }, 'the content of a file could not be deleted yet');
      return false;
    }
  }

  /**
   * Deletes a file whose upload has failed. Its row may be that of a stored file: a statement can fail after the database has
   * carried it out. A row that cannot be marked keeps its content; the clean-up deletes an upload that was not completed.
   */
  async function abandon(file: Pick<FileRecord, 'id' | 'bucket'>): Promise<void> {
    try {
      await (await records()).abandon(file.id);
    } catch (err) {
      log.warn({ err, file: file.id }, 'a failed upload could not be deleted yet');
      return;
    }
    await erase(file, AbortSignal.timeout(limits.files.requestDeadline));
  }

  /** @returns the number of files. Contents that cannot be deleted now are deleted by the clean-up */
  async function removeAll(which: Parameters<FileRecords['markDeleted']>[0]): Promise<number> {
    const files = await (await records()).markDeleted(which);
    for (const file of files) await erase(file, AbortSignal.timeout(limits.files.requestDeadline));
    return files.length;
  }

  /** Receives, checks and stores the content of a file that has a row. */
  async function complete(
    bucket: Bucket,
    { id, userId, file, signal }: { id: string; userId: string; file: IncomingFile; signal: AbortSignal },
  ): Promise<StoredFile> {
    const received = await incoming.receive(id, file, { maxBytes: bucket.maxBytes, signal });
    try {
      const detected = await detectMediaType({ ...received, declaredType: file.mediaType });
      const { mediaType } = detected;
      requireAccepted(bucket, mediaType);
      const name = cleanFileName(file.name, detected);
      await store.put({ bucket: bucket.name, id }, received, { mediaType, signal });
      const { bytes, sha256 } = received;
      const db = await records();
      const values = { name, media_type: mediaType, bytes, sha256 };
      const isStored = await db.transition(id, { from: 'storing', to: 'stored', ...values });
      const stored = isStored ? withBucket(await db.find(id, 'stored')) : undefined;
      if (!stored || stored.userId !== userId)
        throw new Error('the upload was deleted before it was complete');
      return stored;
    } finally {
      await incoming.discard(id);
    }
  }

  return {
    store: (bucket, { userId, file, signal }) =>
      withStorageErrors(async () => {
        requireListed(bucket);
        if (file.bytes !== undefined && file.bytes > bucket.maxBytes) throw fileTooLarge(bucket.maxBytes);
        const id = await (await records()).reserve({ bucket, userId, status: 'storing' });
        if (id === undefined) throw tooManyFiles(bucket);
        try {
          return await complete(bucket, { id, userId, file, signal });
        } catch (error) {
          await abandon({ id, bucket: bucket.name });
          throw error;
        }
      }),

    list: (userId, { bucket, cursor, limit }) =>
      withStorageErrors(async () => {
        const after = cursor === undefined ? undefined : positionOf(cursor);
        const found = await (await records()).list(userId, { bucket, after, limit: limit + 1 });
        const last = found.length > limit ? found[limit - 1] : undefined;
        return {
          files: found.slice(0, limit).flatMap((record) => withBucket(record) ?? []),
          nextCursor: last ? `${last.createdAt}.${last.id}` : null,
        };
      }),

    remove: (userId, id) =>
      withStorageErrors(async () => {
        return (await removeAll({ id, userId })) > 0;
      }),

    find: (id) => withStorageErrors(async () => withBucket(await (await records()).find(id, 'stored'))),

    read: (file, readOptions) =>
      withStorageErrors(async () => {
        const content = await store.get(file, readOptions);
        if (!content) throw new Error('the content of a file is missing');
        return content;
      }),

    downloadUrl: (file, headers) =>
      withStorageErrors(async () =>
        file.settings.direct ? await store.direct?.downloadUrl(file, headers) : undefined,
      ),

    directOrigins: store.direct && options.buckets.some(({ direct }) => direct) ? [store.direct.origin] : [],

    beginDirectUpload: (bucket, { userId, file }) =>
      withStorageErrors(async () => {
        requireListed(bucket);
        if (!bucket.direct || !store.direct) return undefined;
        if (file.bytes > bucket.maxBytes) throw fileTooLarge(bucket.maxBytes);
        requireAccepted(bucket, file.mediaType);
        const { name, bytes, mediaType } = file;
        const content = { name, bytes, media_type: mediaType };
        const id = await (await records()).reserve({ bucket, userId, status: 'pending', ...content });
        if (id === undefined) throw tooManyFiles(bucket);
        const request = await store.direct.uploadRequest(pendingKey({ bucket: bucket.name, id }), file);
        return { id, request };
      }),

    completeDirectUpload: ({ userId, id, signal }) =>
      withStorageErrors(async () => {
        const db = await records();
        const pending = withBucket(await db.find(id, 'pending'));
        if (!pending || pending.userId !== userId) return undefined;
        const { settings, name, mediaType, bytes } = pending;
        const key = pendingKey(pending);
        const content = await store.get(key, { range: undefined, signal });
        if (!content || !(await db.transition(id, { from: 'pending', to: 'storing' }))) {
          content?.destroy();
          return undefined;
        }
        try {
          const file = { name, mediaType, bytes, chunks: content };
          const stored = await complete(settings, { id, userId, file, signal });
          await store.remove(key, signal).catch((err: unknown) => log.warn({ err, file: id }, leftBehind));
          return stored;
        } catch (error) {
          await abandon(pending);
          throw error;
        } finally {
          content.destroy();
        }
      }),

    operations: {
      list: (listOptions) => withStorageErrors(async () => (await records()).listAll(listOptions)),
      remove: (id) => withStorageErrors(async () => (await removeAll({ id })) > 0),
      removeOf: (userId) => withStorageErrors(() => removeAll({ userId })),
    },

    cleanUp: (signal) =>
      withStorageErrors(async () => {
        await incoming.discardOld();
        for (let total = 0; ; ) {
          const found = await (await records()).claimUnfinished();
          const erased = await Promise.all(found.map((file) => erase(file, signal)));
          const count = erased.filter(Boolean).length;
          total += count;
          if (count < limits.files.cleanedAtOnce) return total;
        }
      }),

    close: () => store.close(),
  };
}

const leftBehind = 'the copy of a direct upload could not be deleted';

/** @throws AppError `unsupported_media_type` */
function requireAccepted({ mediaTypes }: Bucket, mediaType: string): void {
  if (acceptsMediaType(mediaTypes, mediaType)) return;
  throw new AppError('unsupported_media_type', {
    message: `The content of the file is ${mediaType}. Accepted: ${mediaTypes.join(', ')}.`,
  });
}

function tooManyFiles({ maxFiles }: Bucket): AppError {
  return new AppError('too_many_files', {
    message: `You have ${maxFiles} files, the maximum here. Delete some of them first.`,
  });
}

/** @throws AppError `invalid_input` */
function positionOf(cursor: string): { createdAt: number; id: string } {
  const [, createdAt, id] = /^(\d{1,15})\.([\da-f-]{36})$/.exec(cursor) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw new AppError('invalid_input', {
      fieldErrors: { cursor: ['Send the nextCursor of the list before.'] },
    });
  }
  return { createdAt: Number(createdAt), id };
}
