import { constants, createReadStream, open as openWithCallback } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRecord } from '../lib/is-record.ts';
import { makeFolder } from '../lib/make-folder.ts';
import type { BlobKey, BlobStore } from './blob-store.ts';
import { requireFolder } from './incoming.ts';

// Not a FileHandle: one that is garbage collected before it is closed ends the process.
const openFile = promisify(openWithCallback);

/**
 * Stores contents in a folder, one file each, named by their ids. A content appears at once and complete: it is synced to the
 * disk, and then renamed. Links are not followed below the folder.
 *
 * @param folder on the same disk as the temporary files
 */
export function createFolderStore(folder: string): BlobStore {
  const folderOf = ({ bucket }: BlobKey) => join(folder, bucket);
  const pathOf = (key: BlobKey) => join(folderOf(key), key.id);

  return {
    async put(key, file) {
      const target = folderOf(key);
      makeFolder(target, 0o700);
      await requireFolder(target);
      await rename(file.path, pathOf(key));
      await syncFolder(target);
    },
    async get(key, { range, signal }) {
      try {
        await requireFolder(folderOf(key));
        const fd = await openFile(pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW);
        return createReadStream('', { fd, ...range, signal });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async remove(key) {
      try {
        await rm(pathOf(key));
        await syncFolder(folderOf(key));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
    direct: undefined,
    close: () => Promise.resolve(),
  };
}

function isMissing(error: unknown): boolean {
  return isRecord(error) && error.code === 'ENOENT';
}

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
