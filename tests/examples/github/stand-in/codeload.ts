import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { notModified } from '#tests/support/upstreams/conditions.ts';
import type { Reply, RequestHandler } from '#tests/support/upstreams/reply.ts';
import { tarOf } from '#tests/support/upstreams/tar.ts';
import { type Release, releasesPage } from './github-releases.ts';
import { findRepository, type Repository } from './github-repositories.ts';

/** Serves the files of a tag as an archive, like https://codeload.github.com: chunked and without ranges. */
export function codeloadArchives(): RequestHandler {
  return ({ method, url, headers }) => {
    const found = method === 'GET' || method === 'HEAD' ? findTag(url.pathname) : undefined;
    if (found === undefined) return notFound();
    const folder = `${found.repository.name}-${found.release.tag_name.replace(/^v/, '')}`;
    const tar = archive(folder, found.repository, found.release);
    // Hash of the uncompressed archive: zlib versions may compress it differently.
    const etag = `W/"${createHash('sha256').update(tar).digest('hex')}"`;
    if (notModified(headers, { etag })) return { status: 304, headers: { etag }, body: '' };
    return {
      status: 200,
      headers: {
        'content-type': 'application/x-gzip',
        'content-disposition': `attachment; filename=${folder}.tar.gz`,
        etag,
      },
      body: gzipSync(tar),
    };
  };
}

function findTag(pathname: string): { repository: Repository; release: Release } | undefined {
  const [, owner, name, tag] = /^\/([^/]+)\/([^/]+)\/tar\.gz\/refs\/tags\/(.+)$/.exec(pathname) ?? [];
  const known = findRepository(`${owner}/${name}`);
  if (known === undefined) return undefined;
  const { repository, releases } = known;
  const release = releasesPage(repository, releases, releases, 1).find(({ tag_name }) => tag_name === tag);
  return release && { repository, release };
}

function archive(folder: string, { full_name, html_url }: Repository, { tag_name, created_at }: Release) {
  const readme = [
    `# ${full_name} ${tag_name}`,
    '',
    `Synthetic stand-in: an archive made up for tests. Nothing in it comes from ${html_url}.`,
    '',
  ].join('\n');
  const entries = [{ path: `${folder}/` }, { path: `${folder}/README.md`, text: readme }];
  return tarOf(entries, Date.parse(created_at));
}

function notFound(): Reply {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404: Not Found',
  };
}
