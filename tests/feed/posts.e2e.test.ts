import { parseRssFeed } from 'feedsmith';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTimeout, startWithPosts } from '#tests/support/posts-product.ts';
import type { Product } from '#tests/support/product.ts';

const statusesOf = ({ baseUrl }: Product, paths: readonly string[]) =>
  Promise.all(paths.map(async (path) => [path, (await fetch(baseUrl + path)).status]));

const documents = ['/rss.xml', '/atom.xml', '/feed.json', '/sitemap.xml', '/posts', '/feeds'];

let product: Product;
let empty: Product;
beforeAll(async () => {
  product = await startWithPosts({
    'README.md': '# Posts\n',
    'broken.md': '---\ntitle: "open\n---\n',
    'jekyll.md':
      '---\nlayout: post\ntitle: A post\ndate: 2016-05-10 12:41:00 +0000\ntags: python mail\n---\nHello\n',
  });
  empty = await startWithPosts({});
}, startTimeout);
afterAll(async () => {
  await product?.close();
  await empty?.close();
});

test('bad posts take away only themselves, and the start names them', { timeout: startTimeout }, async () => {
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

test('without posts the feeds are empty', { timeout: startTimeout }, async () => {
  expect(await statusesOf(empty, documents)).toEqual(documents.map((path) => [path, 200]));
  expect(await (await fetch(`${empty.baseUrl}/posts`)).text()).toContain('There are no posts yet.');
});
