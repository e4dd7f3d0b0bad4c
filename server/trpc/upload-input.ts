import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { IncomingFile } from '../files/incoming.ts';
import { mediaTypeOf } from '../lib/media-type.ts';

/** A file that a call uploads. */
export type Upload = {
  /**
   * Begins to read the file.
   *
   * @throws AppError if what was sent is not a file within the limits
   */
  open(): Promise<IncomingFile>;
};

/** The raw input of an upload over HTTP, which is read while it arrives. */
export class StreamedUpload implements Upload {
  readonly open: Upload['open'];

  constructor(open: Upload['open']) {
    this.open = open;
  }
}

/** The input of typed callers: a form with the file in its field `file`, or the bytes alone. */
export type UploadValue = FormData | Blob | Uint8Array<ArrayBuffer>;

/**
 * The input of a procedure whose meta has `upload`. Over HTTP, tRPC's client sends a form as `multipart/form-data`, and bytes as
 * `application/octet-stream`.
 */
export const uploadInput = z
  .custom<UploadValue>(
    (value) =>
      value instanceof StreamedUpload ||
      value instanceof FormData ||
      value instanceof Blob ||
      value instanceof Uint8Array,
    'Send a file.',
  )
  .transform((value): Upload => {
    const given: unknown = value;
    if (given instanceof StreamedUpload) return given;
    if (value instanceof FormData) return { open: async () => fileOfBlob(onlyFileOf(value)) };
    return { open: async () => (value instanceof Blob ? fileOfBlob(value) : fileOfBlob(new Blob([value]))) };
  });

/** @throws AppError `invalid_input` */
function onlyFileOf(form: FormData): Blob {
  const [entry, ...others] = form;
  if (entry && others.length === 0 && entry[0] === 'file' && typeof entry[1] !== 'string') return entry[1];
  throw new AppError('invalid_input', { fieldErrors: { file: ['Send one file, and nothing else.'] } });
}

function fileOfBlob(blob: Blob): IncomingFile {
  return {
    name: blob instanceof File ? blob.name : undefined,
    mediaType: mediaTypeOf(blob.type) || undefined,
    bytes: blob.size,
    chunks: blob.stream(),
  };
}
