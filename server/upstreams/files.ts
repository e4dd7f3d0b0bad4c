import { z } from 'zod';
import { defineUpstream } from '../upstream-client/declaration.ts';

const params = z.strictObject({
  name: z.string().regex(/^[\w][\w.-]{0,99}$/, 'Letters, digits, dots, hyphens and underscores; at most 100'),
});

/** The operator's file store, which supports GET and PUT. Configured by `FILES_URL`. */
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
      answer: { kind: 'raw', mediaTypes: ['application/octet-stream'], fileName: '{name}' },
      mayBeMissing: true,
      example: { params: { name: 'synthetic-1048576.bin' } },
    },
    upload: {
      method: 'PUT',
      template: '/files/{name}',
      summary: 'Uploads a file',
      description: 'Stores a file under a name and replaces an existing one. Returns its size and SHA-256.',
      params,
      upload: { mediaTypes: ['application/octet-stream'] },
      answer: { kind: 'raw', mediaTypes: ['application/json'], fileName: '{name}.json' },
      example: { params: { name: 'example.bin' } },
    },
  },
});
