import { create, edit } from '../../new/change.ts';
import { cutUntil, type Example } from '../example.ts';

const folderReadme = `# Articles

Each Markdown file in this folder is a page of the site and an item of its feeds, see
[the feeds](../../docs/feeds.md). This one is not.
`;

export const posts: Example = {
  name: 'posts',
  summary: 'the articles in content/posts and their entry in the menu; the feeds then show yours',
  paths: ['content/posts/', 'tests/examples/posts/'],
  changes: [
    edit(
      'server/custom/pages.ts',
      cutUntil("  {\n    path: '/posts',", '] as const satisfies readonly Page[]'),
    ),
    // The image and the tests expect the folder.
    create('content/posts/README.md', folderReadme),
  ],
};
