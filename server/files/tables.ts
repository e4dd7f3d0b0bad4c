/**
 * pending: waits for the direct upload of its client; storing: an upload is being received or checked; stored: complete;
 * deleted: its content is about to be deleted.
 */
export type FileStatus = 'pending' | 'storing' | 'stored' | 'deleted';

type StoredFileTable = {
  id: string;
  bucket: string;
  user_id: string;
  name: string;
  /** As detected from the content; for a direct upload that is pending, as its client declared it. */
  media_type: string;
  bytes: number;
  /** Hexadecimal; empty until the file is stored. */
  sha256: string;
  status: FileStatus;
  created_at: number;
  changed_at: number;
};

export type FileTables = { stored_file: StoredFileTable };
