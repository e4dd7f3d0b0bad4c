import type { Readable } from 'node:stream';
import type { Bucket } from './define-bucket.ts';
import type { ReceivedFile } from './incoming.ts';

/** The place of a content: both parts are made by the product, never by a client. */
export type BlobKey = { bucket: string; id: string };

/** First and last byte, both included. */
export type ByteRange = { start: number; end: number };

/** A request that a client makes to the object storage itself. */
export type PresignedRequest = { url: string; headers: Record<string, string>; expiresIn: number };

/** Stores the contents of files. A content never changes. */
export type BlobStore = {
  /**
   * Stores a received file durably. The temporary file may be moved away.
   *
   * @throws AppError `storage_unavailable`, or the error of the disk
   */
  put(key: BlobKey, file: ReceivedFile, options: { mediaType: string; signal: AbortSignal }): Promise<void>;
  /**
   * @returns undefined if there is no such content
   * @throws AppError `storage_unavailable`, or the error of the disk
   */
  get(
    key: BlobKey,
    options: { range: ByteRange | undefined; signal: AbortSignal },
  ): Promise<Readable | undefined>;
  /** Deletes a content durably. It may be gone already. */
  remove(key: BlobKey, signal: AbortSignal): Promise<void>;
  /** Undefined if clients cannot reach the store themselves. */
  direct: DirectAccess | undefined;
  close(): Promise<void>;
};

type DirectAccess = {
  origin: string;
  uploadRequest(key: BlobKey, file: { bytes: number; mediaType: string }): Promise<PresignedRequest>;
  /** @param headers of the response */
  downloadUrl(key: BlobKey, headers: { contentType: string; contentDisposition: string }): Promise<string>;
};

/** Returns where the direct upload of a client goes: it is copied from there, because its client can replace it. */
export function pendingKey({ bucket, id }: { bucket: Bucket['name']; id: string }): BlobKey {
  return { bucket, id: `${id}.pending` };
}
