import type { Env } from '../config/env.ts';
import type { BlobStore } from './blob-store.ts';
import { createFolderStore } from './folder-store.ts';
import { createS3Store } from './s3-store.ts';

/** Creates the store of the settings: an object storage if `BUCKETS_URL` is set, otherwise a folder. */
export function createStore(env: Env, folder: string): BlobStore {
  const { BUCKETS_URL, BUCKETS_ACCESS_KEY_ID, BUCKETS_SECRET_ACCESS_KEY } = env;
  // parseEnv() requires all of them, or none.
  if (!BUCKETS_URL || !BUCKETS_ACCESS_KEY_ID || !BUCKETS_SECRET_ACCESS_KEY) return createFolderStore(folder);
  return createS3Store({ ...env, BUCKETS_URL, BUCKETS_ACCESS_KEY_ID, BUCKETS_SECRET_ACCESS_KEY });
}
