import { z } from 'zod';
import { anyMediaType } from '../lib/media-type.ts';
import { defineUpstream } from '../upstream-client/declaration.ts';

const params = z.strictObject({
  name: z
    .string()
    .max(255)
    .regex(
      /^[^./\\;\p{Cc}\p{Zl}\p{Zp}][^/\\;\p{Cc}\p{Zl}\p{Zp}]*$/u,
      'A file name without slashes, backslashes, semicolons and control characters that does not begin with a dot',
    ),
});

/**
 * The operator's file store, which supports GET and PUT. Configured by `FILES_URL`. Anyone may download, as from any file
 * server without a password. Uploads need the scope `proxy.files`, because they replace existing files.
 */
export const files = defineUpstream({
  name: 'files',
  title: 'File store',
  origin: (env) => env.FILES_URL,
  internal: true,
  endpoints: {
    download: {
      method: 'GET',
      template: '/files/{name}',
      summary: 'Downloads a file',
      description: 'Returns a file of the store. Range and conditional requests are forwarded.',
      params,
      requestHeaders: ['range', 'if-range', 'if-none-match', 'if-modified-since'],
      responseHeaders: ['etag', 'last-modified', 'accept-ranges', 'content-range'],
      answer: { kind: 'raw', mediaTypes: [anyMediaType], fileName: '{name}' },
      mayBeMissing: true,
      example: { params: { name: 'synthetic-1048576.bin' } },
    },
    upload: {
      method: 'PUT',
      template: '/files/{name}',
      summary: 'Uploads a file',
      description: 'Stores a file under a name and replaces an existing one. Returns its size and SHA-256.',
      params,
      upload: { mediaTypes: [anyMediaType] },
      // File servers respond in their own formats, many with an empty body.
      answer: { kind: 'raw', mediaTypes: [anyMediaType], fileName: '{name}.response' },
      example: { params: { name: 'example.bin' } },
    },
  },
});
