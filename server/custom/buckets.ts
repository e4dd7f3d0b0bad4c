import type { Bucket } from '../files/define-bucket.ts';

/** Your own buckets. Releases of the product do not change this file. docs/files.md has an example. */
export const customBuckets: readonly Bucket[] = [];
