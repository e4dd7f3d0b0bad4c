import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { filesEndpoint } from '../../config/paths.ts';
import { AppError } from '../../errors.ts';
import type { StoredFile } from '../../files/file-service.ts';
import { uploads } from '../../files/product-buckets.ts';
import { router, userProcedure } from '../init.ts';
import { uploadInput } from '../upload-input.ts';

const userMeta = { sensitive: true, rateLimit: 'light', user: {} } as const;

const id = z.guid().describe('The id of the file');
const exampleId = '0f8fad5b-d9cb-469f-a165-70867728950e';

const fileSchema = z.object({
  id,
  name: z.string().describe('Without a path, and with an extension of its type'),
  mediaType: z.string().describe('As detected from the content'),
  bytes: z.int(),
  sha256: z.string().describe('Hexadecimal'),
  createdAt: z.date(),
  url: z.string().describe('Path of the download on this site'),
});

const accepted = `Accepted: ${uploads.mediaTypes.join(', ')}; at most ${uploads.maxBytes} bytes, and ${uploads.maxFiles} files of one user.`;

/** Files of the signed-in user. */
export const file = router({
  upload: userProcedure({
    ...userMeta,
    upload: uploads,
    summary: 'Stores a file of the user',
    description: `Send one file as \`multipart/form-data\` in the field \`file\`, or its bytes as \`application/octet-stream\` with its name, percent-encoded, in the header \`x-file-name\`. The type is detected from the content; what the caller declares only decides between types of text. ${accepted}`,
    errors: ['too_many_files', 'storage_unavailable'],
  })
    .input(uploadInput)
    .output(fileSchema)
    .mutation(async ({ ctx, input, signal }) => {
      const stored = await ctx.services.files.store(uploads, {
        userId: ctx.user.id,
        file: await input.open(),
        signal: signal ?? new AbortController().signal,
      });
      return described(stored);
    }),

  beginUpload: userProcedure({
    ...userMeta,
    summary: 'Begins the upload of a file to the object storage',
    description: `Returns a URL to which the caller sends the bytes of a file by PUT, with the headers given and within ten minutes; then call \`file.completeUpload\`. \`direct\` is null if the product stores files in a folder: use \`file.upload\` then. ${accepted}`,
    errors: ['unsupported_media_type', 'payload_too_large', 'too_many_files', 'storage_unavailable'],
  })
    .input(
      z
        .strictObject({
          name: z.string().max(limits.files.sentNameLength),
          bytes: z.int().min(1),
          mediaType: z.string().max(100).describe('The type of the content'),
        })
        .meta({ examples: [{ name: 'picture.png', bytes: 2048, mediaType: 'image/png' }] }),
    )
    .output(
      z.object({
        direct: z
          .object({
            id,
            url: z.string(),
            headers: z.record(z.string(), z.string()),
            expiresIn: z.int().describe('Seconds'),
          })
          .nullable(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const begun = await ctx.services.files.beginDirectUpload(uploads, { userId: ctx.user.id, file: input });
      if (!begun) return { direct: null };
      const { url, headers, expiresIn } = begun.request;
      return { direct: { id: begun.id, url, headers, expiresIn } };
    }),

  completeUpload: userProcedure({
    ...userMeta,
    summary: 'Completes the upload of a file to the object storage',
    description:
      'Checks the content that was uploaded to the URL of `file.beginUpload`, and stores it. Fails with `not_found` if the user has no such upload, or has not sent the content yet. After any other failure, begin again.',
    errors: ['not_found', 'unsupported_media_type', 'payload_too_large', 'storage_unavailable'],
  })
    .input(z.strictObject({ id }).meta({ examples: [{ id: exampleId }] }))
    .output(fileSchema)
    .mutation(async ({ ctx, input, signal }) => {
      const stored = await ctx.services.files.completeDirectUpload({
        userId: ctx.user.id,
        id: input.id,
        signal: signal ?? new AbortController().signal,
      });
      if (!stored) throw new AppError('not_found', { message: 'There is no such upload.' });
      return described(stored);
    }),

  list: userProcedure({
    ...userMeta,
    summary: 'Lists the files of the user',
    description: `Returns the files of the user, the newest first, at most ${limits.files.listed} at once. Pass \`nextCursor\` as \`cursor\` to get the following ones; it is null at the end.`,
    errors: ['storage_unavailable'],
  })
    .input(
      z
        .strictObject({
          cursor: z.string().max(100).nullish(),
          limit: z.int().min(1).max(limits.files.listed).default(limits.files.listed),
        })
        .meta({ examples: [{ limit: 20 }] }),
    )
    .output(z.object({ files: z.array(fileSchema), nextCursor: z.string().nullable() }))
    .query(async ({ ctx, input }) => {
      const { files, nextCursor } = await ctx.services.files.list(ctx.user.id, {
        bucket: uploads.name,
        cursor: input.cursor ?? undefined,
        limit: input.limit,
      });
      return { files: files.map(described), nextCursor };
    }),

  remove: userProcedure({
    ...userMeta,
    summary: 'Deletes a file of the user',
    description: 'Deletes a file. Fails with `not_found` if the user has no such file.',
    errors: ['not_found', 'storage_unavailable'],
  })
    .input(z.strictObject({ id }).meta({ examples: [{ id: exampleId }] }))
    .output(z.object({ removed: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      const removed = await ctx.services.files.remove(ctx.user.id, input.id);
      if (!removed) throw new AppError('not_found', { message: 'There is no such file.' });
      return { removed: true as const };
    }),
});

function described({
  id,
  name,
  mediaType,
  bytes,
  sha256,
  createdAt,
}: StoredFile): z.output<typeof fileSchema> {
  const url = `${filesEndpoint}/${id}/${encodeURIComponent(name)}`;
  return { id, name, mediaType, bytes, sha256, createdAt: new Date(createdAt), url };
}
