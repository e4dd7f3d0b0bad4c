import { defineBucket } from './define-bucket.ts';

/** The bucket of `file.upload`: pictures, documents and texts of a user. */
export const uploads = defineBucket({
  name: 'uploads',
  mediaTypes: [
    'application/json',
    'application/pdf',
    'application/vnd.oasis.opendocument.presentation',
    'application/vnd.oasis.opendocument.spreadsheet',
    'application/vnd.oasis.opendocument.text',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/zip',
    'image/avif',
    'image/gif',
    'image/jpeg',
    'image/png',
    'image/webp',
    'text/csv',
    'text/markdown',
    'text/plain',
  ],
  maxBytes: 10 * 1024 * 1024,
  maxFiles: 100,
  direct: true,
});

/** The buckets of the product itself. */
export const productBuckets = [uploads];
