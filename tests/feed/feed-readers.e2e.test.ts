import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { productTitle } from '#server/config/product-name.ts';
import { createPosts } from '#server/feed/posts.ts';
import { fixturePosts, startTimeout, startWithFixturePosts } from '#tests/support/posts-product.ts';
import type { Product } from '#tests/support/product.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { describeWith, testWith } from '#tests/support/skip.ts';

const testXml = testWith('xmllint');

let product: Product;
let folder: string;
beforeAll(async () => {
  product = await startWithFixturePosts();
  folder = await mkdtemp(join(tmpdir(), 'typed-bff-readers-'));
}, startTimeout);
afterAll(async () => {
  await product.close();
  await rm(folder, { recursive: true, force: true });
});

const run = async (program: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, HOME: folder, TZ: 'UTC', LC_ALL: 'C.UTF-8', TERM: 'dumb' };
  const { stdout } = await promisify(execFile)(program, args, { env, cwd: folder });
  return stdout;
};

/** Returns the expected entries, read directly from the files. */
const expected = () =>
  createPosts({ siteUrl: product.baseUrl, watch: false, drafts: false, directory: fixturePosts })
    .list()
    .map(({ id, title, url, publishedAt }) => ({ id, title, url, seconds: publishedAt.getTime() / 1000 }));

describeWith('sfeed', 'curl')('sfeed', () => {
  beforeAll(() => void [requirePath('sfeed'), requirePath('curl')]);

  test.each(['/rss.xml', '/atom.xml'])('fetches %s and reads titles, dates, links and ids', async (path) => {
    const name = path.slice(1);
    await writeFile(
      join(folder, 'sfeedrc'),
      `sfeedpath='${folder}'\nfeeds() {\n  feed '${name}' '${product.baseUrl}${path}' '${product.baseUrl}'\n}\n`,
    );
    await run('sfeed_update', 'sfeedrc');
    const lines = (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
    const entries = lines.map((line) => {
      const [seconds, title, url, content, contentType, id, author, , category] = line.split('\t');
      return { seconds: Number(seconds), title, url, content, contentType, id, author, category };
    });
    expect(entries).toMatchObject(
      expected().map((post) => ({ ...post, contentType: 'html', author: productTitle })),
    );
    for (const { content, category } of entries) {
      expect(content).toMatch(/^<p>/);
      expect(category).not.toBe('');
    }
    const printed = await run('sfeed_plain', name);
    for (const { title, url, seconds } of expected()) {
      const day = new Date(seconds * 1000).toISOString().slice(0, 10);
      expect(printed).toMatch(new RegExp(`${day} 00:00 +${name} +${title} +${url}`));
    }
  });

  test.each(['/', '/posts', '/feeds', '/contact'])('discovers the feeds on the page %s', async (path) => {
    const html = await (await fetch(`${product.baseUrl}${path}`)).text();
    const { stdout } = spawnSync('sfeed_web', [product.baseUrl], { input: html, encoding: 'utf8' });
    expect(stdout.trimEnd().split('\n')).toEqual([
      `${product.baseUrl}/rss.xml\tapplication/rss+xml`,
      `${product.baseUrl}/atom.xml\tapplication/atom+xml`,
    ]);
  });
});

describeWith('newsboat')('newsboat', () => {
  beforeAll(() => void requirePath('newsboat'));

  const row = z.object({ guid: z.string(), title: z.string(), url: z.string(), pubDate: z.number() });

  test.each(['/rss.xml', '/atom.xml'])('reads %s and revalidates it with its ETag', async (path) => {
    const cache = join(folder, `${path.slice(1)}.db`);
    await writeFile(join(folder, 'urls'), `${product.baseUrl}${path}\n`);
    const newsboat = (command: string) =>
      run('newsboat', '--quiet', '-u', 'urls', '-c', cache, '-x', command);
    const statuses = () => [...product.log().matchAll(new RegExp(`"route":"${path}","status":(\\d+)`, 'g'))];
    const before = statuses().length;
    await newsboat('reload');
    expect(await newsboat('print-unread')).toBe(`${expected().length} unread articles\n`);
    const database = new Database(cache, { readonly: true });
    const items = database.prepare('select guid, title, url, pubDate from rss_item order by pubDate desc');
    expect(z.array(row).parse(items.all())).toEqual(
      expected().map(({ id, title, url, seconds }) => ({ guid: id, title, url, pubDate: seconds })),
    );
    database.close();

    // newsboat stores an ETag only for a feed that it already knew, so it sends one from the third reload on.
    await newsboat('reload');
    await newsboat('reload');
    await expect
      .poll(() =>
        statuses()
          .slice(before)
          .map(([, status]) => status),
      )
      .toEqual(['200', '200', '304']);
    expect(await newsboat('print-unread')).toBe(`${expected().length} unread articles\n`);
  });
});

testXml.each(['/rss.xml', '/atom.xml', '/sitemap.xml'])(
  'libxml2 parses %s as well-formed XML',
  async (path) => {
    requirePath('xmllint');
    const xml = await (await fetch(`${product.baseUrl}${path}`)).text();
    const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '-'], {
      input: xml,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  },
);
