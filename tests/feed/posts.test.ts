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

test('a post is its front matter and its Markdown', () => {
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

test('a byte order mark and Windows line ends do no harm', () => {
  write('a.md', `\uFEFF---\n${frontMatter}---\nText\n`.replaceAll('\n', '\r\n'));
  expect(open().get('a')).toMatchObject({ title: 'A post', pageHtml: '<p>Text</p>\n' });
});

test('newest first; other files are left alone', () => {
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

test('a draft is left out, but where drafts are wanted', () => {
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

test('a post that has moved keeps the id it had', () => {
  write('new-name.md', `---\n${frontMatter}id: tag:example.com,2020-01-01:/old\n---\n`);
  expect(open().get('new-name')?.id).toBe('tag:example.com,2020-01-01:/old');
});

test('reload takes what has come, and leaves all as it was when something is wrong', () => {
  write('a.md', `---\n${frontMatter}---\n`);
  const posts = open();
  expect(posts.list()).toHaveLength(1);
  write('b.md', `---\n${frontMatter}---\n`);
  expect(posts.list()).toHaveLength(1);
  posts.reload();
  expect(posts.list()).toHaveLength(2);
  write('c.md', 'no front matter');
  expect(() => posts.reload()).toThrow(/c\.md cannot be used/);
  expect(posts.list()).toHaveLength(2);
});

describe('a bad post names its file and what is wrong', () => {
  test.each([
    ['no front matter', '# Hello', /front matter between two lines of ---/],
    ['no end of the front matter', `---\n${frontMatter}`, /front matter between two lines of ---/],
    ['no title', '---\ndate: 2026-11-02\nsummary: x\n---\n', /title: /],
    [
      'an empty summary',
      `---\n${frontMatter.replace('What it says', '""')}---\n`,
      /summary: must not be empty/,
    ],
    [
      'a date that is none',
      `---\n${frontMatter.replace('2026-11-02', 'soon')}---\n`,
      /date: must be a day like/,
    ],
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
    ['a key that is not known', `---\n${frontMatter}sumary: x\n---\n`, /sumary/],
    ['an id that is no URI', `---\n${frontMatter}id: one two\n---\n`, /id: must be a URI/],
    ['a draft that is neither yes nor no', `---\n${frontMatter}draft: maybe\n---\n`, /draft: /],
    ['tags that are no list', `---\n${frontMatter}tags: one\n---\n`, /tags: /],
    ['broken YAML', '---\ntitle: "open\n---\n', /front matter: /],
    ['YAML that is no map', '---\njust text\n---\n', /front matter: /],
  ])('%s', (_, text, problem) => {
    write('bad-one.md', text);
    expect(() => open().list()).toThrow(/^content\/posts\/bad-one\.md cannot be used: /);
    expect(() => open().list()).toThrow(problem);
  });

  test('a file name that makes no good URL', () => {
    write('Bad Name.md', `---\n${frontMatter}---\n`);
    expect(() => open().list()).toThrow('content/posts/Bad Name.md cannot be used: the file name');
  });
});

test('with watch a changed file is read again, without it once', () => {
  write('a.md', `---\n${frontMatter}---\nOne`);
  const [watched, once] = [open(true), open()];
  expect(watched.list()).toHaveLength(1);
  expect(once.list()).toHaveLength(1);

  write('a.md', `---\n${frontMatter}---\nTwo`);
  utimesSync(join(directory, 'a.md'), new Date(), new Date(Date.now() + 60_000));
  expect(watched.get('a')?.pageHtml).toContain('Two');
  expect(once.get('a')?.pageHtml).toContain('One');
});

test('the posts of this repository can be used', () => {
  const posts = createPosts({ siteUrl, watch: false, drafts: false }).list();
  expect(posts.length).toBeGreaterThanOrEqual(3);
  for (const post of posts) {
    expect(post.feedHtml).not.toMatch(/(?:href|src)="(?!https?:|mailto:)/);
    expect(postToFeedItem(post)).toMatchObject({ id: post.id, url: post.url, categories: post.tags });
  }
});
