import { z } from 'zod';
import { defineUpstream } from '../upstream-client/declaration.ts';
import { repository } from './github.ts';

/** GitHub's archive downloads. GitHub's API only redirects to this host, and such redirects are not followed. */
export const codeload = defineUpstream({
  name: 'codeload',
  title: 'GitHub archives',
  origin: (env) => env.GITHUB_ARCHIVE_URL,
  endpoints: {
    archive: {
      method: 'GET',
      template: '/{owner}/{repo}/tar.gz/refs/tags/{tag}',
      summary: "Downloads a release's source from GitHub",
      description: 'Returns the source of a public repository at a tag, as a compressed archive.',
      params: repository.extend({
        tag: z
          .string()
          .max(100)
          .regex(/^[\w@][\w.@+-]*$/, 'Must be a tag name without slashes'),
      }),
      requestHeaders: ['if-none-match'],
      responseHeaders: ['etag'],
      answer: {
        kind: 'raw',
        mediaTypes: ['application/x-gzip', 'application/gzip'],
        fileName: '{repo}-{tag}.tar.gz',
        publicFor: 300,
      },
      mayBeMissing: true,
      example: { params: { owner: 'trpc', repo: 'trpc', tag: 'v1.32.0' } },
    },
  },
});
