import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPosts, describePostProblem } from './posts.ts';

/**
 * Returns a line for each post that is left out and for each picture of this site that is missing.
 *
 * @param folders of the posts and of the public files; set by tests
 */
export function reportPosts(folders: { directory?: string; publicFolder?: string } = {}): string[] {
  const { directory, publicFolder = 'public' } = folders;
  const posts = createPosts({ siteUrl: 'http://localhost', watch: false, drafts: true, directory });
  const isMissing = (source: string) =>
    source.startsWith('/') && !existsSync(join(publicFolder, decoded(source.replace(/[?#].*/, ''))));
  return [
    ...posts.problems().map(describePostProblem),
    ...posts
      .list()
      .flatMap(({ slug, images }) =>
        images
          .filter(isMissing)
          .map((source) => `The post ${slug} has a picture that is not in public: ${source}`),
      ),
  ];
}

/** Returns the path unchanged if its percent-encoding is malformed: no file has such a URL. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
