import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { buildFolder } from '#server/process/build-folder.ts';

const trace = z.object({ files: z.array(z.string()) });

/** Returns the traced files of a route, which a serverless host copies, as paths from the root. */
function filesOf(route: string): string[] {
  const file = join(buildFolder, 'server/app', `${route}.js.nft.json`);
  const { files } = trace.parse(JSON.parse(readFileSync(file, 'utf8')));
  return files.map((path) => relative('.', join(dirname(file), path)));
}

test.each([
  'rss.xml/route',
  'atom.xml/route',
  'feed.json/route',
  'posts/page',
  'posts/[slug]/page',
  'sitemap.xml/route',
])('the trace of %s includes the posts', (route) => {
  expect(filesOf(route)).toEqual(expect.arrayContaining(globSync('content/posts/*.md')));
});

test.each(['opengraph-image/route', 'posts/[slug]/opengraph-image/route'])(
  'the trace of %s includes its fonts',
  (route) => {
    const fonts = ['Regular', 'SemiBold'].map(
      (name) => `node_modules/geist/dist/fonts/geist-sans/Geist-${name}.ttf`,
    );
    expect(filesOf(route)).toEqual(expect.arrayContaining(fonts));
  },
);

test('no trace includes mails, settings or tests', () => {
  const routes = globSync('**/{page,route}.js.nft.json', { cwd: join(buildFolder, 'server/app') });
  expect(routes.length).toBeGreaterThan(20);
  const traced = routes.flatMap((file) => filesOf(file.replace('.js.nft.json', '')));
  // This build has the fixtures.
  expect(traced.filter((path) => /^(\.data|\.env|tests(?!\/fixtures\/))/.test(path))).toEqual([]);
});
