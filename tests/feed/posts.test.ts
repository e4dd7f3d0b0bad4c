import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPosts, postToFeedItem } from '#server/feed/posts.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'posts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const siteUrl = 'https://example.org';
const frontMatter = 'title: A post\ndate: 2026-11-02\nsummary: What it says\n';
const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
const open = (watch = false, drafts = false) => createPosts({ siteUrl, watch, drafts, directory });

test('a post consists of front matter and Markdown', () => {
  write(
    'a-post.md',
    `---\n${frontMatter}tags: [one, two]\nupdated: 2026-11-03T08:00:00+02:00\n---\n\nSee [b](b).\n`,
  );
  expect(open().get('a-post')).toEqual({
    id: 'tag:example.org,2026-11-02:/posts/a-post',
    slug: 'a-post',
    url: 'https://example.org/posts/a-post',
    title: 'A post',
    summary: 'What it says',
    publishedAt: new Date('2026-11-02T00:00:00Z'),
    updatedAt: new Date('2026-11-03T06:00:00Z'),
    tags: ['one', 'two'],
    pageHtml: '<p>See <a href="/posts/b">b</a>.</p>\n',
    feedHtml: '<p>See <a href="https://example.org/posts/b">b</a>.</p>\n',
  });
});

test('a byte order mark and CRLF line endings are accepted', () => {
  write('a.md', `\uFEFF---\n${frontMatter}---\nText\n`.replaceAll('\n', '\r\n'));
  expect(open().get('a')).toMatchObject({ title: 'A post', pageHtml: '<p>Text</p>\n' });
});

test('posts are sorted newest first, and other files are ignored', () => {
  write('old.md', `---\n${frontMatter}---\n`);
  write('new.md', `---\n${frontMatter.replace('-02', '-09')}---\n`);
  write('notes.txt', 'not a post');
  expect(
    open()
      .list()
      .map(({ slug }) => slug),
  ).toEqual(['new', 'old']);
  expect(open().get('missing')).toBeUndefined();
});

test('drafts are included only on request', () => {
  write('a.md', `---\n${frontMatter}---\n`);
  write('b.md', `---\n${frontMatter}draft: true\n---\n`);
  const slugs = (drafts: boolean) =>
    open(false, drafts)
      .list()
      .map(({ slug }) => slug);
  expect(slugs(false)).toEqual(['a']);
  expect(slugs(true)).toEqual(['a', 'b']);
  expect(open().get('b')).toBeUndefined();
});

test('front matter can set the previous id of a post that has moved', () => {
  write('new-name.md', `---\n${frontMatter}id: tag:example.com,2020-01-01:/old\n---\n`);
  expect(open().get('new-name')?.id).toBe('tag:example.com,2020-01-01:/old');
});

test('reload reads new posts, and keeps the previous ones if a post is invalid', () => {
  write('a.md', `---\n${frontMatter}---\n`);
  const posts = open();
  expect(posts.list()).toHaveLength(1);
  write('b.md', `---\n${frontMatter}---\n`);
  expect(posts.list()).toHaveLength(1);
  posts.reload();
  expect(posts.list()).toHaveLength(2);
  write('c.md', 'no front matter');
  expect(() => posts.reload()).toThrow(/c\.md is invalid/);
  expect(posts.list()).toHaveLength(2);
});

describe('the error for an invalid post names the file and the problem', () => {
  test.each([
    ['no front matter', '# Hello', /front matter between two lines of ---/],
    ['no end of the front matter', `---\n${frontMatter}`, /front matter between two lines of ---/],
    ['no title', '---\ndate: 2026-11-02\nsummary: x\n---\n', /title: /],
    [
      'an empty summary',
      `---\n${frontMatter.replace('What it says', '""')}---\n`,
      /summary: must not be empty/,
    ],
    ['an invalid date', `---\n${frontMatter.replace('2026-11-02', 'soon')}---\n`, /date: must be a day like/],
    [
      'a day that does not exist',
      `---\n${frontMatter.replace('11-02', '02-30')}---\n`,
      /date: must be a day like/,
    ],
    [
      'updated before date',
      `---\n${frontMatter}updated: 2026-11-01\n---\n`,
      /updated: must not be before date/,
    ],
    ['an unknown key', `---\n${frontMatter}sumary: x\n---\n`, /sumary/],
    ['an id that is not a URI', `---\n${frontMatter}id: one two\n---\n`, /id: must be a URI/],
    ['a draft that is not a boolean', `---\n${frontMatter}draft: maybe\n---\n`, /draft: /],
    ['tags that are not a list', `---\n${frontMatter}tags: one\n---\n`, /tags: /],
    ['broken YAML', '---\ntitle: "open\n---\n', /front matter: /],
    ['YAML that is not a map', '---\njust text\n---\n', /front matter: /],
  ])('%s', (_, text, problem) => {
    write('bad-one.md', text);
    expect(() => open().list()).toThrow(/^content\/posts\/bad-one\.md is invalid: /);
    expect(() => open().list()).toThrow(problem);
  });

  test('a file name that does not suit a URL', () => {
    write('Bad Name.md', `---\n${frontMatter}---\n`);
    expect(() => open().list()).toThrow('content/posts/Bad Name.md is invalid: the file name');
  });
});

test('with watch a changed file is read again, otherwise once', () => {
  write('a.md', `---\n${frontMatter}---\nOne`);
  const [watched, once] = [open(true), open()];
  expect(watched.list()).toHaveLength(1);
  expect(once.list()).toHaveLength(1);

  write('a.md', `---\n${frontMatter}---\nTwo`);
  utimesSync(join(directory, 'a.md'), new Date(), new Date(Date.now() + 60_000));
  expect(watched.get('a')?.pageHtml).toContain('Two');
  expect(once.get('a')?.pageHtml).toContain('One');
});

test('the posts of this repository are valid', () => {
  const posts = createPosts({ siteUrl, watch: false, drafts: false }).list();
  expect(posts.length).toBeGreaterThanOrEqual(3);
  for (const post of posts) {
    expect(post.feedHtml).not.toMatch(/(?:href|src)="(?!https?:|mailto:)/);
    expect(postToFeedItem(post)).toMatchObject({ id: post.id, url: post.url, categories: post.tags });
  }
});
