import { describe, expect, test } from 'vitest';
import { parsePost } from '#server/feed/front-matter.ts';

const parse = (source: string) => {
  const parsed = parsePost(source);
  if (!parsed || 'problems' in parsed) throw new Error(`not parsed: ${parsed?.problems.join()}`);
  const { fields, markdown } = parsed;
  return { ...fields, markdown };
};

describe('the front matter of a static site generator is read', () => {
  test('Jekyll', () => {
    const source =
      '---\nlayout: post\ntitle:  "Welcome to Jekyll!"\ndate:   2016-05-10 12:41:00 +0200\ncategories: jekyll update\ntags: python mail\nlast_modified_at: 2016-06-01\npublished: true\nexcerpt: An excerpt\n---\nHello\n';
    expect(parse(source)).toEqual({
      title: 'Welcome to Jekyll!',
      date: new Date('2016-05-10T10:41:00Z'),
      updated: new Date('2016-06-01T00:00:00Z'),
      summary: 'An excerpt',
      tags: ['python', 'mail', 'jekyll', 'update'],
      draft: false,
      id: undefined,
      markdown: 'Hello\n',
    });
  });

  test.each([
    [
      'YAML',
      '---\ntitle: A post\ndate: 2026-11-20T10:00:00-05:00\nlastmod: 2026-11-21\ndescription: About it\ntags: [one, two]\ncategories:\n  - three\ndraft: true\nweight: 10\nparams:\n  author: Ann\n---\nHello\n',
    ],
    [
      'TOML',
      "+++\ntitle = 'A post'\ndate = 2026-11-20T10:00:00-05:00\nlastmod = 2026-11-21\ndescription = 'About it'\ntags = ['one', 'two']\ncategories = ['three']\ndraft = true\nweight = 10\n[params]\n  author = 'Ann'\n+++\nHello\n",
    ],
    [
      'JSON',
      '{\n  "title": "A post",\n  "date": "2026-11-20T10:00:00-05:00",\n  "lastmod": "2026-11-21",\n  "description": "About it",\n  "tags": ["one", "two"],\n  "categories": ["three"],\n  "draft": true,\n  "params": {\n    "author": "Ann"\n  }\n}\nHello\n',
    ],
  ])('Hugo, in %s', (_, source) => {
    const { markdown, ...fields } = parse(source);
    expect(fields).toEqual({
      title: 'A post',
      date: new Date('2026-11-20T15:00:00Z'),
      updated: new Date('2026-11-21T00:00:00Z'),
      summary: 'About it',
      tags: ['one', 'two', 'three'],
      draft: true,
      id: undefined,
    });
    expect(markdown.trim()).toBe('Hello');
  });

  test.each([
    ['a local date', 'date = 2026-11-20', '2026-11-20T00:00:00Z'],
    ['a local time', 'date = 2026-11-20T10:00:00', '2026-11-20T10:00:00Z'],
    ['a text', 'date = "2026-11-20 10:00:00 +0100"', '2026-11-20T09:00:00Z'],
  ])('%s in TOML', (_, line, date) => {
    expect(parse(`+++\n${line}\n+++\n`).date).toEqual(new Date(date));
  });

  test('Eleventy, also with the format in the first line', () => {
    expect(
      parse(
        '---\ntitle: A post\ndescription: About it\ndate: 2018-05-01\ntags:\n  - one\nlayout: layouts/post.njk\n---\n',
      ),
    ).toMatchObject({ title: 'A post', summary: 'About it', date: new Date('2018-05-01'), tags: ['one'] });
    expect(parse('---json\n{ "title": "A post", "tags": "one" }\n---\nHello')).toMatchObject({
      title: 'A post',
      tags: ['one'],
      markdown: 'Hello',
    });
    expect(parse('---toml\ntitle = "A post"\n---\nHello')).toMatchObject({
      title: 'A post',
      markdown: 'Hello',
    });
  });

  test('Astro', () => {
    expect(
      parse(
        "---\ntitle: 'First post'\ndescription: 'Lorem ipsum'\npubDate: 'Jul 08 2022'\nupdatedDate: 'Aug 01 2022'\nheroImage: '../../assets/blog-placeholder-3.jpg'\n---\n",
      ),
    ).toMatchObject({
      title: 'First post',
      summary: 'Lorem ipsum',
      date: new Date('2022-07-08T00:00:00Z'),
      updated: new Date('2022-08-01T00:00:00Z'),
    });
  });

  test('the Tailwind starter', () => {
    expect(
      parse(
        "---\ntitle: 'Introducing the starter'\ndate: '2021-01-12'\nlastmod: '2021-01-18'\ntags: ['next-js', 'tailwind']\ndraft: false\nsummary: 'About it'\nimages: ['/static/images/a.jpg']\nauthors: ['default']\nlayout: PostLayout\ncanonicalUrl: https://example.org/\n---\n",
      ),
    ).toMatchObject({
      title: 'Introducing the starter',
      date: new Date('2021-01-12T00:00:00Z'),
      updated: new Date('2021-01-18T00:00:00Z'),
      tags: ['next-js', 'tailwind'],
      summary: 'About it',
      draft: false,
    });
  });

  test('overreacted.io', () => {
    expect(
      parse("---\ntitle: Hello\ndate: '2018-11-30'\nspoiler: Goodbye.\ncta: 'react'\n---\n"),
    ).toMatchObject({
      title: 'Hello',
      summary: 'Goodbye.',
    });
  });
});

test.each([
  ['a list in a text with commas', 'tags: one, two words', ['one', 'two words']],
  ['a list with other values', 'tags: [2026, true, {a: b}, "", one, one]', ['2026', 'true', 'one']],
  ['no value', 'tags:', []],
  ['a single tag and category', 'tag: two words\ncategory: News', ['two words', 'News']],
])('tags can be %s', (_, line, tags) => {
  expect(parse(`---\n${line}\n---\n`).tags).toEqual(tags);
});

test.each([
  ['published: false', true],
  ['published: true\ndraft: false', false],
  ['draft: "true"', true],
  ['draft:', false],
  ['published: 2026-11-20', false],
])('with %j a post is a draft: %j', (lines, draft) => {
  expect(parse(`---\n${lines}\n---\n`).draft).toBe(draft);
});

test('a date of publication has precedence over a date of writing', () => {
  expect(parse('---\ndate: 2026-01-01\npublishDate: 2099-01-01\n---\n').date).toEqual(new Date('2099-01-01'));
});

test('a title can be a number, and text over several lines becomes one line', () => {
  expect(parse('---\ntitle: 2026\nsummary: >\n  One\n  two\n---\n')).toMatchObject({
    title: '2026',
    summary: 'One two',
  });
});

test.each(['---\n---\n', '---\ntitle: A\n...\n', '---\ntitle: A\n---', '{"title":"A"}', '{}\n'])(
  'it may be short: %j',
  (source) => {
    expect(parse(source).markdown).toBe(source === '{}\n' ? '\n' : '');
  },
);

test('a JSON object ends at its own brace', () => {
  const source = '{ "title": "A } b", "params": {\n"a": 1\n}\n}\n\n{ "not": "front matter" }\n';
  expect(parse(source).markdown.trim()).toBe('{ "not": "front matter" }');
});

test.each(['# Hello', 'Text\n---\ntitle: A\n---\n', '---\ntitle: no end', '{% include a %}'])(
  '%j has no front matter',
  (source) => {
    expect(parsePost(source)).toBeNull();
  },
);

test.each([
  ['broken YAML', '---\ntitle: "open\n---\n', /^front matter: /],
  ['a colon in a YAML title', '---\ntitle: One: two\n---\n', /^front matter: /],
  ['YAML that is not a map', '---\njust text\n---\n', /^front matter: must have the form/],
  ['broken TOML', '+++\ntitle = open\n+++\n', /^front matter: /],
  ['broken JSON', '{ "title": open }\n', /^front matter: /],
  ['a date that is none', '---\ndate: Last Modified\n---\n', /^date: must be a day like/],
  ['a day that does not exist', '---\npubDate: 2026-02-30\n---\n', /^pubDate: must be a day like/],
  ['a number as date', '---\ndate: 20261120\n---\n', /^date: must be a date/],
  ['a title that is a list', '---\ntitle: [one]\n---\n', /^title: must be text/],
  ['a draft that is neither true nor false', '---\ndraft: maybe\n---\n', /^draft: must be true or false/],
])('%s is a problem', (_, source, problem) => {
  expect(parsePost(source)).toEqual({ problems: [expect.stringMatching(problem)] });
});

describe('each name of a field is read, in any spelling', () => {
  const day = new Date('2026-11-20');

  test.each([
    'publishDate',
    'publish_date',
    'publish-date',
    'PUBLISHDATE',
    'pubDate',
    'pubDatetime',
    'publishedAt',
    'published',
    'date',
    'created',
  ])('the date: %s', (name) => {
    expect(parse(`---\n${name}: 2026-11-20\n---\n`).date).toEqual(day);
  });

  test.each([
    'updated',
    'lastmod',
    'lastModified',
    'last_modified_at',
    'updatedDate',
    'updatedAt',
    'modDatetime',
  ])('the date of the last change: %s', (name) => {
    expect(parse(`---\n${name}: 2026-11-20\n---\n`).updated).toEqual(day);
  });

  test.each(['summary', 'description', 'excerpt', 'spoiler'])('the summary: %s', (name) => {
    expect(parse(`---\n${name}: About it\n---\n`).summary).toBe('About it');
  });
});

test.each([
  ['created', 'date'],
  ['date', 'published'],
  ['published', 'publishedAt'],
  ['publishedAt', 'pubDatetime'],
  ['pubDatetime', 'pubDate'],
  ['pubDate', 'publishDate'],
])('of %s and %s the second is the date', (first, second) => {
  expect(parse(`---\n${first}: 2026-01-01\n${second}: 2026-01-02\n---\n`).date).toEqual(
    new Date('2026-01-02'),
  );
});

test('an empty summary does not hide another one, nor does one that is no text', () => {
  expect(parse('---\nsummary: ""\ndescription: [x]\nexcerpt: An excerpt\n---\n').summary).toBe('An excerpt');
});

test('an empty field is a missing one', () => {
  const { title, date, id, tags } = parse('---\ntitle:\ndate: ""\nid: null\ntags: ""\n---\n');
  expect({ title, date, id, tags }).toEqual({ title: undefined, date: undefined, id: undefined, tags: [] });
});

test('every field with a problem is named', () => {
  expect(parsePost('---\ntitle: [one]\ndate: soon\ndraft: maybe\n---\n')).toEqual({
    problems: [
      expect.stringMatching(/^title: /),
      expect.stringMatching(/^date: /),
      expect.stringMatching(/^draft: /),
    ],
  });
});

test('a date with a problem is named by its own name, and another date does not replace it', () => {
  expect(parsePost('---\npub_date: soon\ndate: 2026-01-01\n---\n')).toEqual({
    problems: [expect.stringMatching(/^pub_date: /)],
  });
});
