import { supportedMimeTypes } from 'file-type';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { anyMediaType } from '../lib/media-type.ts';
import { textTypes } from './media-type.ts';

/** A bucket: the files that it accepts, and who may download them. */
export type Bucket = Readonly<{
  /** Lower case, with digits and hyphens. It is stored with each file: never change it. */
  name: string;
  /**
   * Media types that are accepted, as detected from the content of a file: those of the package file-type,
   * and `text/plain`, `text/csv`, `text/markdown` and `application/json`. A type with a `*` for both parts accepts all.
   */
  mediaTypes: readonly string[];
  /** Maximum size of a file. */
  maxBytes: number;
  /** Maximum number of files of one user. */
  maxFiles: number;
  /** `owner`: only the user who uploaded a file can download it. `public`: anyone who knows its URL can. */
  visibility: 'owner' | 'public';
  /**
   * With S3, clients may upload to and download from the object storage directly, with presigned URLs. Without S3, it has
   * no effect.
   */
  direct: boolean;
}>;

type BucketOptions = Omit<Bucket, 'visibility' | 'direct'> & Partial<Pick<Bucket, 'visibility' | 'direct'>>;

const detectedTypes: ReadonlySet<string> = new Set([...supportedMimeTypes, ...textTypes, anyMediaType]);

const optionsSchema = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/),
  mediaTypes: z
    .array(
      z.string().refine((type) => detectedTypes.has(type), 'cannot be detected from the content of a file'),
    )
    .min(1),
  maxBytes: z.int().min(1).max(limits.files.maxBytes),
  maxFiles: z.int().min(1).max(limits.files.maxFiles),
  visibility: z.enum(['owner', 'public']).default('owner'),
  direct: z.boolean().default(false),
});

/**
 * Declares a bucket for files of users. List it in `server/custom/buckets.ts`, and store files in it with
 * `services.files.store`.
 *
 * @throws ZodError if an option is not valid
 */
export function defineBucket(options: BucketOptions): Bucket {
  return Object.freeze(optionsSchema.parse(options));
}
