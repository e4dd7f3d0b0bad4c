import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const trace = z.object({ files: z.array(z.string()) });

/** What a host copies that takes of a build only what a route says it needs, by its path from the root. */
function filesOf(route: string): string[] {
  const file = join('.next/server/app', `${route}.js.nft.json`);
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
])('%s takes the posts along', (route) => {
  expect(filesOf(route)).toEqual(expect.arrayContaining(globSync('content/posts/*.md')));
});

test.each(['opengraph-image/route', 'posts/[slug]/opengraph-image/route'])(
  '%s takes its fonts along',
  (route) => {
    const fonts = ['Regular', 'SemiBold'].map(
      (name) => `node_modules/geist/dist/fonts/geist-sans/Geist-${name}.ttf`,
    );
    expect(filesOf(route)).toEqual(expect.arrayContaining(fonts));
  },
);

test('no route takes along what is kept here: mails and settings', () => {
  const routes = globSync('**/{page,route}.js.nft.json', { cwd: '.next/server/app' });
  expect(routes.length).toBeGreaterThan(20);
  const taken = routes.flatMap((file) => filesOf(file.replace('.js.nft.json', '')));
  expect(taken.filter((path) => /^(\.data|\.env|tests)/.test(path))).toEqual([]);
});
