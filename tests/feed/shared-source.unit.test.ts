import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { productTagline, productTitle } from '#server/config/product-name.ts';
import type { Generation } from '#server/feed/generation.ts';
import { createFeedSource, type FeedSourceOptions } from '#server/feed/source.ts';

const siteUrl = 'https://example.org';

let directory: string;
let title: string;
let fetches: number;
/** The marker that all instances share; undefined while Redis is unavailable. */
let marker: string | undefined;
/** What happened, in order. */
let log: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'posts-'));
  title = 'first';
  fetches = 0;
  marker = 'none';
  log = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const generation: Generation = {
  current: async () => marker,
  async advance() {
    log.push('advance');
    if (marker !== undefined) marker = `of ${log.length}`;
    return marker;
  },
};

function open(options: Partial<FeedSourceOptions> = {}) {
  return createFeedSource({
    env: { SITE_URL: siteUrl, NODE_ENV: 'production', FEED_SOURCE_URL: 'https://source.example/feed.json' },
    async fetchJson() {
      fetches += 1;
      log.push('fetch');
      return { title, items: [] };
    },
    postsDirectory: directory,
    ...options,
  });
}

const write = (slug: string, lines = '') =>
  writeFileSync(join(directory, `${slug}.md`), `---\ndate: 2020-01-01\n${lines}---\n`);

describe('with a marker that instances share', () => {
  test('the feed is fetched again when another instance has changed it', async () => {
    const { feed } = open({ generation });
    expect((await feed()).title).toBe('first');
    title = 'second';
    expect((await feed()).title).toBe('first');
    marker = 'of another instance';
    expect((await feed()).title).toBe('second');
    await feed();
    expect(fetches).toBe(2);
  });

  test('the posts are read again when another instance has changed it', async () => {
    write('a');
    const { posts } = open({ generation });
    expect(await posts.list()).toHaveLength(1);
    write('b');
    expect(await posts.get('b')).toBeUndefined();
    marker = 'of another instance';
    expect(await posts.get('b')).toMatchObject({ slug: 'b' });
    write('c');
    marker = 'of a third one';
    expect((await posts.list()).map(({ slug }) => slug)).toEqual(['a', 'b', 'c']);
  });

  test('the own change of it does not expire the feed that was just fetched', async () => {
    const { feed, revalidate } = open({ generation });
    await feed();
    expect(await revalidate()).toEqual({ shared: true });
    expect(fetches).toBe(2);
    await feed();
    expect(fetches).toBe(2);
  });

  test('the feed is kept while the marker is not available', async () => {
    const { feed } = open({ generation });
    await feed();
    marker = undefined;
    await feed();
    expect(fetches).toBe(1);
    marker = 'none';
    await feed();
    expect(fetches).toBe(1);
  });

  test('a change that could not be stored is not called shared, and changes this instance alone', async () => {
    const { feed, revalidate } = open({ generation });
    await feed();
    marker = undefined;
    title = 'second';
    expect(await revalidate()).toEqual({ shared: false });
    expect((await feed()).title).toBe('second');
    marker = 'none';
    await feed();
    expect(fetches).toBe(2);
  });

  test('it is changed before the fetch, so that no instance keeps what was fetched earlier', async () => {
    await open({ generation }).revalidate();
    expect(log).toEqual(['advance', 'fetch']);
  });
});

describe('in one of several workers', () => {
  function openWorker() {
    let expire = () => {};
    const source = open({
      workers: {
        onExpire(listener) {
          expire = listener;
        },
        async expireOthers() {
          log.push('expire others');
        },
      },
    });
    return { ...source, expire: () => expire() };
  }

  test('a revalidation expires the feeds of the other workers before the fetch', async () => {
    await openWorker().revalidate();
    expect(log).toEqual(['expire others', 'fetch']);
  });

  test('a revalidation by another worker expires the feed and the posts', async () => {
    write('a');
    const { feed, posts, expire } = openWorker();
    await feed();
    expect(await posts.list()).toHaveLength(1);
    title = 'second';
    write('b');
    expire();
    expect((await feed()).title).toBe('second');
    expect(await posts.list()).toHaveLength(2);
  });
});

test('a revalidation reads the posts again', async () => {
  const { feed, posts, revalidate } = open({
    env: { SITE_URL: siteUrl, NODE_ENV: 'production', FEED_SOURCE_URL: undefined },
  });
  write('a');
  expect((await feed()).items).toHaveLength(1);
  write('b');
  await revalidate();
  expect((await feed()).items).toHaveLength(2);
  expect(await posts.list()).toHaveLength(2);
  expect(fetches).toBe(0);
});

describe('the built-in feed', () => {
  const own = { SITE_URL: siteUrl, FEED_SOURCE_URL: undefined };

  test('belongs to the site', async () => {
    const { feed } = open({ env: { ...own, NODE_ENV: 'production' } });
    expect(await feed()).toEqual({
      title: productTitle,
      description: expect.stringContaining(productTagline),
      language: 'en',
      homeUrl: `${siteUrl}/posts`,
      iconUrl: `${siteUrl}/icon-512.png`,
      authors: [{ name: productTitle, url: `${siteUrl}/` }],
      items: [],
    });
  });

  test('has drafts, and sees changed files, only in development', async () => {
    write('a', 'draft: true\n');
    const slugs = async ({ posts }: ReturnType<typeof open>) => (await posts.list()).map(({ slug }) => slug);
    const [development, production] = [
      open({ env: { ...own, NODE_ENV: 'development' } }),
      open({ env: { ...own, NODE_ENV: 'production' } }),
    ];
    expect(await slugs(development)).toEqual(['a']);
    expect(await slugs(production)).toEqual([]);
    write('b');
    expect(await slugs(development)).toEqual(['a', 'b']);
    expect(await slugs(production)).toEqual([]);
  });

  test('logs a post that is left out', async () => {
    writeFileSync(join(directory, 'bad.md'), 'no front matter');
    const warnings: unknown[] = [];
    const { feed } = open({
      env: { ...own, NODE_ENV: 'production' },
      log: { warn: (...line) => warnings.push(line) },
    });
    await feed();
    const problem = { file: 'content/posts/bad.md', problems: [expect.any(String)] };
    expect(warnings).toEqual([[problem, 'post left out']]);
  });

  test('has the posts of one day in the same order as the pages, by name', async () => {
    for (const slug of ['c', 'a', 'b']) write(slug);
    writeFileSync(join(directory, '2019.md'), '---\ndate: 2019-12-31\n---\n');
    writeFileSync(join(directory, '2021.md'), '---\ndate: 2021-01-01\n---\n');
    const { feed, posts } = open({ env: { ...own, NODE_ENV: 'production' } });
    const expected = ['2021', 'a', 'b', 'c', '2019'];
    expect((await posts.list()).map(({ slug }) => slug)).toEqual(expected);
    expect((await feed()).items.map(({ url }) => url?.split('/').at(-1))).toEqual(expected);
  });

  test('tells the schemes of the pictures on other sites, which pages have to allow', () => {
    const pictures =
      '![](/own.png) ![](http://a.example/a.png) ![](https://b.example/b.png) ![](https://c.example/c.png)';
    writeFileSync(join(directory, 'a.md'), `---\ndate: 2020-01-01\n---\n${pictures}\n`);
    const { posts } = open({ env: { ...own, NODE_ENV: 'production' } });
    expect(posts.imageSchemes()).toEqual(['http:', 'https:']);
    expect(posts.imageSchemes()).toBe(posts.imageSchemes());
  });

  test('allows no pictures of other sites if no post has one, and notices a new one', async () => {
    write('a');
    const { posts, revalidate } = open({ env: { ...own, NODE_ENV: 'production' } });
    expect(posts.imageSchemes()).toEqual([]);
    writeFileSync(join(directory, 'b.md'), '---\ndate: 2020-01-01\n---\n![](https://b.example/b.png)\n');
    await revalidate();
    expect(posts.imageSchemes()).toEqual(['https:']);
  });
});
