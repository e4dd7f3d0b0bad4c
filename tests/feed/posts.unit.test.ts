import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultFolder, listPostFiles } from '#server/feed/post-files.ts';
import { reportPosts } from '#server/feed/post-report.ts';
import { createPosts, describePostProblem, postToFeedItem } from '#server/feed/posts.ts';

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
    images: [],
    pageHtml: '<p>See <a href="/posts/b">b</a>.</p>\n',
    feedHtml: '<p>See <a href="https://example.org/posts/b">b</a>.</p>\n',
  });
});

test('a byte order mark and CRLF line endings are accepted', () => {
  write('a.md', `\uFEFF---\n${frontMatter}---\nText\n`.replaceAll('\n', '\r\n'));
  expect(open().get('a')).toMatchObject({ title: 'A post', pageHtml: '<p>Text</p>\n' });
});

test('a file in UTF-16 with a byte order mark is read, and one in another encoding is named', () => {
  const text = `---\n${frontMatter}---\nCafé\n`;
  writeFileSync(join(directory, 'utf-16.md'), Buffer.from(`\uFEFF${text}`, 'utf16le'));
  writeFileSync(join(directory, 'latin-1.md'), Buffer.from(text, 'latin1'));
  const posts = open();
  expect(posts.get('utf-16')?.pageHtml).toBe('<p>Café</p>\n');
  expect(posts.problems()).toEqual([
    { file: 'content/posts/latin-1.md', problems: [expect.stringContaining('utf-8')] },
  ]);
});

test('posts are sorted newest first, and other files are ignored', () => {
  write('old.md', `---\n${frontMatter}---\n`);
  write('new.markdown', `---\n${frontMatter.replace('-02', '-09')}---\n`);
  for (const file of ['notes.txt', 'README.md', 'readme.markdown', '_index.md', '.hidden.md']) {
    write(file, 'not a post');
  }
  const posts = open();
  expect(posts.list().map(({ slug }) => slug)).toEqual(['new', 'old']);
  expect(posts.problems()).toEqual([]);
  expect(posts.get('missing')).toBeUndefined();
});

test('posts can be in folders', () => {
  for (const folder of ['2026/11', 'bundle', '_drafts'])
    mkdirSync(join(directory, folder), { recursive: true });
  write('2026/11/deep.md', `---\n${frontMatter}---\n`);
  write('bundle/index.md', `---\n${frontMatter}---\n`);
  write('_drafts/hidden.md', 'not a post');
  const posts = open();
  expect(posts.list().map(({ slug, url }) => [slug, url])).toEqual([
    ['bundle', 'https://example.org/posts/bundle'],
    ['deep', 'https://example.org/posts/deep'],
  ]);
  expect(posts.problems()).toEqual([]);
});

test.each(['an empty folder', 'a missing folder'])('%s has no posts', (kind) => {
  const folder = kind === 'an empty folder' ? directory : join(directory, 'missing');
  const posts = createPosts({ siteUrl, watch: false, drafts: false, directory: folder });
  expect(posts.list()).toEqual([]);
  expect(posts.problems()).toEqual([]);
});

describe('what a post does not say is derived', () => {
  test('the title from its first heading, the summary from its first paragraph, the date from its name', () => {
    write(
      '2026-11-20-a-note.md',
      '\n# A *note* #\n\n![](/a.png)\n\nSome **bold** & plain[^1] text.\n\nMore.\n\n[^1]: x\n',
    );
    expect(open().list()).toMatchObject([
      {
        slug: '2026-11-20-a-note',
        title: 'A note',
        summary: 'Some bold & plain text.',
        publishedAt: new Date('2026-11-20T00:00:00Z'),
      },
    ]);
    expect(open().get('2026-11-20-a-note')?.pageHtml).not.toContain('<h1');
  });

  test('the title from the file name, without its date', () => {
    write('2026-11-20-hello_big-world.md', '---\n---\nText');
    write('no-date-in-name.md', '---\ndate: 2026-11-19\n---\n');
    expect(
      open()
        .list()
        .map(({ title, summary }) => [title, summary]),
    ).toEqual([
      ['Hello big world', 'Text'],
      ['No date in name', ''],
    ]);
  });

  test('a long first paragraph is shortened', () => {
    write('a.md', `---\ntitle: A\ndate: 2026-11-02\n---\n${'word '.repeat(100)}`);
    const summary = open().get('a')?.summary;
    expect(summary).toHaveLength(200);
    expect(summary).toMatch(/^word word .*…$/);
  });
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

test('reload reads new, changed and removed posts', () => {
  write('a.md', `---\n${frontMatter}---\n`);
  write('b.md', `---\n${frontMatter}---\nOne`);
  const posts = open();
  expect(posts.list()).toHaveLength(2);
  rmSync(join(directory, 'a.md'));
  write('b.md', `---\n${frontMatter}---\nTwo`);
  write('c.md', `---\n${frontMatter}---\n`);
  expect(posts.list().map(({ slug }) => slug)).toEqual(['a', 'b']);
  posts.reload();
  expect(posts.list().map(({ slug }) => slug)).toEqual(['b', 'c']);
  expect(posts.get('b')?.pageHtml).toContain('Two');
});

describe('a bad post is left out alone, and its file and problem are named', () => {
  test.each([
    ['no front matter', 'bad-one.md', '# Hello', /front matter between two lines of ---/],
    [
      'no end of the front matter',
      'bad-one.md',
      `---\n${frontMatter}`,
      /front matter between two lines of ---/,
    ],
    [
      'no end of it in a dated file',
      '2026-11-20-bad.md',
      '---\ntitle: A\n',
      /front matter between two lines of ---/,
    ],
    ['no date', 'bad-one.md', '---\ntitle: A post\n---\n', /^date: is missing/],
    [
      'an invalid date',
      'bad-one.md',
      `---\n${frontMatter.replace('2026-11-02', 'soon')}---\n`,
      /^date: must be a day/,
    ],
    ['broken YAML', 'bad-one.md', '---\ntitle: "open\n---\n', /^front matter: /],
    ['a file name that does not suit a URL', 'Bad Name.md', `---\n${frontMatter}---\n`, /^the file name/],
    ['a translation', 'a.es.md', `---\n${frontMatter}---\n`, /^the file name/],
    ['MDX', 'a-post.mdx', `---\n${frontMatter}---\n`, /^MDX is not supported/],
    [
      'the name of another post',
      'z/good.md',
      `---\n${frontMatter}---\n`,
      /^has the same name or id as content\/posts\/good.md/,
    ],
    [
      'the id of another post',
      'z.md',
      `---\n${frontMatter}id: tag:example.org,2026-11-02:/posts/good\n---\n`,
      /^has the same name or id/,
    ],
  ])('%s', (_, file, text, problem) => {
    mkdirSync(join(directory, 'z'));
    write('good.md', `---\n${frontMatter}---\n`);
    write(file, text);
    const onProblem = vi.fn();
    const posts = createPosts({ siteUrl, watch: true, drafts: false, directory, onProblem });
    expect(posts.list().map(({ slug }) => slug)).toEqual(['good']);
    const expected = { file: `content/posts/${file}`, problems: [expect.stringMatching(problem)] };
    expect(posts.problems()).toEqual([expected]);
    expect(describePostProblem(posts.problems()[0] ?? { file: '', problems: [] })).toContain(
      `${file} is left out: `,
    );
    expect(onProblem).toHaveBeenCalledExactlyOnceWith(expected);
  });

  test('a folder in place of a file', () => {
    write('good.md', `---\n${frontMatter}---\n`);
    mkdirSync(join(directory, 'folder.md'));
    const posts = open();
    expect(posts.list()).toHaveLength(1);
    expect(posts.problems()).toEqual([
      { file: 'content/posts/folder.md', problems: ['cannot be read (EISDIR)'] },
    ]);
  });
});

test('pictures are listed, and those of this site that are missing are reported', () => {
  const publicFolder = join(directory, '_public');
  mkdirSync(publicFolder);
  writeFileSync(join(publicFolder, 'a b.png'), '');
  write(
    'a.md',
    `---\n${frontMatter}---\n![](/a%20b.png) ![](c.png?x) ![](https://img.example/d.png) ![](javascript:x)\n`,
  );
  write('b.md', 'no front matter');
  expect(open().get('a')?.images).toEqual(['/a%20b.png', '/posts/c.png?x', 'https://img.example/d.png']);
  expect(reportPosts({ directory, publicFolder })).toEqual([
    'content/posts/b.md is left out: it must start with front matter between two lines of ---',
    'The post a has a picture that is not in public: /posts/c.png?x',
  ]);
});

test('a picture with malformed percent-encoding is reported, and does not prevent the build', () => {
  write('a.md', `---\n${frontMatter}---\n![A](/%zz.png)\n`);
  expect(reportPosts({ directory })).toEqual(['The post a has a picture that is not in public: /%zz.png']);
});

test.each(['updated: 2026-11-01', 'updated: 2026-11-02', 'layout: post\nsumary: x'])(
  'a post with %j is shown',
  (lines) => {
    write('a.md', `---\n${frontMatter}${lines}\n---\n`);
    expect(open().get('a')?.updatedAt).toBeUndefined();
  },
);

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
  const { list, problems } = createPosts({ siteUrl, watch: false, drafts: true });
  const posts = list();
  expect(problems()).toEqual([]);
  expect(reportPosts()).toEqual([]);
  expect(posts).toHaveLength(listPostFiles(defaultFolder).length);
  for (const post of posts) {
    expect(post.feedHtml).not.toMatch(/(?:href|src)="(?!https?:|mailto:)/);
    expect(postToFeedItem(post)).toMatchObject({ id: post.id, url: post.url, categories: post.tags });
  }
});

test('a summary of the greatest length is not shortened', () => {
  write('a.md', `---\ntitle: A\ndate: 2026-11-02\n---\n${'x'.repeat(200)}`);
  write('b.md', `---\ntitle: B\ndate: 2026-11-02\n---\n${'x'.repeat(201)}`);
  expect(open().get('a')?.summary).toBe('x'.repeat(200));
  expect(open().get('b')?.summary).toBe(`${'x'.repeat(199)}…`);
});

test.each([
  ['# A title', 'A title'],
  ['# A title ##', 'A title'],
  ['# C#', 'C#'],
  ['#\tA title', 'A title'],
])('of the heading %j the title is %j', (heading, title) => {
  write('2026-11-20-a.md', `${heading}\n\nText\n`);
  expect(open().get('2026-11-20-a')).toMatchObject({ title, pageHtml: '<p>Text</p>\n' });
});

test('a title in the front matter leaves the first heading in the text', () => {
  write('a.md', `---\n${frontMatter}---\n# Heading\n`);
  expect(open().get('a')).toMatchObject({ title: 'A post', pageHtml: expect.stringContaining('Heading') });
});

test('a date in the front matter has precedence over that of the file name', () => {
  write('2026-11-20-a.md', '---\ntitle: A\ndate: 2026-11-21\n---\n');
  expect(open().get('2026-11-20-a')?.publishedAt).toEqual(new Date('2026-11-21'));
});

test('a file name that only looks like one with a date is a title as a whole', () => {
  write('2026-13-40-a.md', '---\ndate: 2026-11-20\n---\n');
  expect(open().get('2026-13-40-a')?.title).toBe('2026 13 40 a');
});

test('the first paragraph with text is the summary', () => {
  write('2026-11-20-a.md', '# A\n\n![](/a.png)\n\n> Quoted\n\nMore\n');
  expect(open().get('2026-11-20-a')?.summary).toBe('Quoted');
});

test('an index file at the top is a post of its own name', () => {
  write('index.md', `---\n${frontMatter}---\n`);
  expect(open().get('index')).toMatchObject({ slug: 'index' });
});

test('a text in UTF-16 with the other byte order is read', () => {
  const text = Buffer.from(`\uFEFF---\n${frontMatter}---\nCafé\n`, 'utf16le').swap16();
  writeFileSync(join(directory, 'a.md'), text);
  expect(open().get('a')?.pageHtml).toBe('<p>Café</p>\n');
});

test('a folder that cannot be read is named', () => {
  write('a.md', 'x');
  const posts = createPosts({ siteUrl, watch: false, drafts: false, directory: join(directory, 'a.md') });
  expect(posts.list()).toEqual([]);
  expect(posts.problems()).toEqual([{ file: 'content/posts', problems: ['cannot be read (ENOTDIR)'] }]);
});

test('a problem is reported when it appears, and again when it has changed', () => {
  const reported: string[] = [];
  const onProblem = ({ file, problems }: { file: string; problems: string[] }) =>
    reported.push(`${file}: ${problems.join()}`);
  write('a.md', 'no front matter');
  const posts = createPosts({ siteUrl, watch: false, drafts: false, directory, onProblem });
  posts.list();
  posts.reload();
  expect(reported).toHaveLength(1);
  write('a.md', '---\ntitle: A\n---\n');
  posts.reload();
  expect(reported).toEqual([
    expect.stringContaining('must start with front matter'),
    'content/posts/a.md: date: is missing',
  ]);
});

test('a post becomes an item of the feed with all of its parts', () => {
  write('a.md', `---\n${frontMatter}tags: [one]\nupdated: 2026-11-03\n---\nText\n`);
  const post = open().get('a');
  expect(post && postToFeedItem(post)).toEqual({
    id: 'tag:example.org,2026-11-02:/posts/a',
    url: 'https://example.org/posts/a',
    title: 'A post',
    summary: 'What it says',
    contentHtml: '<p>Text</p>\n',
    publishedAt: new Date('2026-11-02'),
    updatedAt: new Date('2026-11-03'),
    categories: ['one'],
  });
});
