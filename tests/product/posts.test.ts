import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseRssFeed } from 'feedsmith';
import { expect, onTestFinished, test } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Starts the built product with other posts. */
async function startWithPosts(posts: Record<string, string>): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-posts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of [
    '.next',
    'next.config.mjs',
    'next.config.ts',
    'node_modules',
    'package.json',
    'server',
  ]) {
    symlinkSync(resolve(name), join(folder, name));
  }
  mkdirSync(join(folder, 'content/posts'), { recursive: true });
  for (const [file, text] of Object.entries(posts)) writeFileSync(join(folder, 'content/posts', file), text);
  const product = await startProduct({}, undefined, folder);
  onTestFinished(() => product.close());
  return product;
}

const statusesOf = ({ baseUrl }: Product, paths: readonly string[]) =>
  Promise.all(paths.map(async (path) => [path, (await fetch(baseUrl + path)).status]));

const documents = ['/rss.xml', '/atom.xml', '/feed.json', '/sitemap.xml', '/posts', '/feeds'];

test('bad posts take away only themselves, and the start names them', async () => {
  const product = await startWithPosts({
    'README.md': '# Posts\n',
    'broken.md': '---\ntitle: "open\n---\n',
    'jekyll.md':
      '---\nlayout: post\ntitle: A post\ndate: 2016-05-10 12:41:00 +0000\ntags: python mail\n---\nHello\n',
  });
  const ok = [...documents, '/posts/jekyll', '/posts/jekyll/opengraph-image'];
  expect(await statusesOf(product, ok)).toEqual(ok.map((path) => [path, 200]));
  const missing = ['/posts/broken', '/posts/README'];
  expect(await statusesOf(product, missing)).toEqual(missing.map((path) => [path, 404]));
  const { items } = parseRssFeed(await (await fetch(`${product.baseUrl}/rss.xml`)).text());
  expect(items?.map(({ title, categories }) => [title, categories?.map(({ name }) => name)])).toEqual([
    ['A post', ['python', 'mail']],
  ]);
  await expect.poll(() => product.log()).toMatch(/^content\/posts\/broken\.md is left out: front matter: /m);
  expect(product.log()).toContain('"msg":"post left out"');
  expect(product.log()).not.toMatch(/README\.md|jekyll\.md/);
});

test('without posts the feeds are empty', async () => {
  const product = await startWithPosts({});
  expect(await statusesOf(product, documents)).toEqual(documents.map((path) => [path, 200]));
  expect(await (await fetch(`${product.baseUrl}/posts`)).text()).toContain('There are no posts yet.');
});
