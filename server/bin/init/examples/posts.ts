import { edit } from '../../new/change.ts';
import { cutUntil, type Example } from '../example.ts';

export const posts: Example = {
  name: 'posts',
  summary: 'the articles in content/posts and their entry in the menu; the feeds then show yours',
  paths: ['content/posts/', 'tests/examples/posts/'],
  changes: [
    edit(
      'server/custom/pages.ts',
      cutUntil("  {\n    path: '/posts',", '] as const satisfies readonly Page[]'),
    ),
  ],
};
