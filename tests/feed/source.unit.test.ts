import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { FetchJson } from '#server/feed/remote.ts';
import { createFeedSource } from '#server/feed/source.ts';
import { advance, fakeClocks, setWallClock } from '#tests/support/fake-clock.ts';
import { fetchJson, type JsonServer, startJsonServer } from './json-server.ts';

const guideFeed = {
  title: 'News & notes',
  description: 'From elsewhere',
  link: 'https://news.example/',
  copyright: '© 2026 Example',
  items: [
    {
      title: 'Older',
      description: 'The older one',
      link: 'https://news.example/1',
      publishDate: 'Mon, 02 Nov 2026 10:00:00 GMT',
      guid: 'urn:1',
    },
    {
      title: 'Newer',
      description: 'The newer one',
      link: '/2',
      publishDate: '2026-11-03T10:00:00+01:00',
      guid: 2,
    },
  ],
};

const jsonFeed = {
  version: 'https://jsonfeed.org/version/1.1',
  title: 'A JSON feed',
  home_page_url: 'https://json.example/',
  language: 'de-CH',
  items: [
    {
      id: 'https://json.example/a',
      url: 'https://json.example/a',
      title: 'With everything',
      content_html: '<p>Hello</p>',
      summary: 'In short',
      date_published: '2026-11-04T10:00:00Z',
      date_modified: '2026-11-05T10:00:00Z',
      tags: ['one'],
    },
    {
      id: 'https://json.example/b',
      content_text: 'Just <text>\n\nand more',
      date_published: '2026-11-01T10:00:00Z',
    },
  ],
};

let server: JsonServer;
// After the dates of all items: later ones are held back.
fakeClocks(Date.parse('2026-11-20T00:00:00Z'));
beforeEach(async () => {
  server = await startJsonServer(guideFeed);
});
afterEach(async () => {
  await server.stop();
});

function source(
  options: { fetch?: FetchJson; log?: { warn: (details: object, message: string) => void } } = {},
) {
  return createFeedSource({
    env: { SITE_URL: 'https://example.org', NODE_ENV: 'test', FEED_SOURCE_URL: server.url },
    fetchJson: options.fetch ?? fetchJson,
    ...(options.log ? { log: options.log } : {}),
  });
}

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a wall clock that is set %s by an hour does not change how long the feed is fresh', async (_, hour) => {
  const { feed } = source();
  await feed();
  setWallClock(hour);
  advance(limits.feed.freshFor - 1);
  await feed();
  expect(server.hits()).toBe(1);
  advance(1);
  await feed();
  expect(server.hits()).toBe(2);
});

describe('source formats', () => {
  test("the guide's format", async () => {
    const feed = await source().feed();
    expect(feed).toEqual({
      title: 'News & notes',
      description: 'From elsewhere',
      homeUrl: 'https://news.example/',
      copyright: '© 2026 Example',
      items: [
        {
          id: '2',
          url: new URL('/2', server.url).href,
          title: 'Newer',
          summary: 'The newer one',
          contentHtml: null,
          publishedAt: new Date('2026-11-03T09:00:00Z'),
          categories: [],
        },
        {
          id: 'urn:1',
          url: 'https://news.example/1',
          title: 'Older',
          summary: 'The older one',
          contentHtml: null,
          publishedAt: new Date('2026-11-02T10:00:00Z'),
          categories: [],
        },
      ],
    });
  });

  test('JSON Feed 1.1', async () => {
    server.respondWith(jsonFeed);
    expect(await source().feed()).toEqual({
      title: 'A JSON feed',
      description: '',
      language: 'de-CH',
      homeUrl: 'https://json.example/',
      items: [
        {
          id: 'https://json.example/a',
          url: 'https://json.example/a',
          title: 'With everything',
          summary: 'In short',
          contentHtml: '<p>Hello</p>',
          publishedAt: new Date('2026-11-04T10:00:00Z'),
          updatedAt: new Date('2026-11-05T10:00:00Z'),
          categories: ['one'],
        },
        {
          id: 'https://json.example/b',
          url: 'https://json.example/b',
          title: 'Just <text> and more',
          summary: 'Just <text>\n\nand more',
          contentHtml: '<p>Just &lt;text&gt;</p>\n<p>and more</p>',
          publishedAt: new Date('2026-11-01T10:00:00Z'),
          categories: [],
        },
      ],
    });
  });

  test('JSON Feed 1, empty', async () => {
    server.respondWith({ version: 'https://jsonfeed.org/version/1', title: 'Empty', items: [] });
    expect(await source().feed()).toMatchObject({ title: 'Empty', items: [] });
  });
});

describe('sources vary', () => {
  const note = { id: 'https://json.example/n', content_html: '<p>Rain <b>again</b>.</p>' };
  const readItems = async (items: unknown[]) => {
    server.respondWith({ ...jsonFeed, items });
    return (await source().feed()).items;
  };

  test.each([
    'http://jsonfeed.org/version/1',
    'https://jsonfeed.org/version/1.1/',
    'https://www.jsonfeed.org/version/1.1',
    'https://JSONFeed.org/version/2',
  ])('%s is a version of JSON Feed', async (version) => {
    server.respondWith({ ...jsonFeed, version });
    expect((await source().feed()).items.map(({ title }) => title)).toEqual([
      'With everything',
      'Just <text> and more',
    ]);
  });

  test.each([3, '2.0', null])('a feed of the guide can have a field version: %j', async (version) => {
    server.respondWith({ ...guideFeed, version });
    expect((await source().feed()).items.map(({ title }) => title)).toEqual(['Newer', 'Older']);
  });

  test.each<[string, object, string]>([
    ['the text of its HTML', note, 'Rain again.'],
    [
      'the beginning of a long text',
      { ...note, content_html: `<p>${'long '.repeat(50)}</p>` },
      `${'long '.repeat(16).slice(0, 79)}…`,
    ],
    [
      'the alternative text of its image',
      { ...note, content_html: '<img src="a.jpg" alt="A heron">' },
      'A heron',
    ],
    [
      'its date',
      { ...note, content_html: '<img src="a.jpg">', date_published: '2026-11-04T10:00:00Z' },
      '2026-11-04',
    ],
  ])('an item without a title gets %s as title', async (_, item, title) => {
    expect(await readItems([item])).toMatchObject([{ id: note.id, url: note.id, title }]);
  });

  test('an item without a date is kept, after those with a date, in the order of the source', async () => {
    const undated = (id: string) => ({ ...note, id });
    const items = await readItems([undated('b'), jsonFeed.items[0], undated('a')]);
    expect(items.map(({ id, publishedAt }) => [id, publishedAt])).toEqual([
      ['https://json.example/a', new Date('2026-11-04T10:00:00Z')],
      ['b', null],
      ['a', null],
    ]);
  });

  test('an item without a URL or with an invalid one is kept, and its links are relative to the home page', async () => {
    const content_html = '<a href="b">b</a>';
    const items = await readItems([
      { ...note, id: 'a', content_html },
      { ...note, id: 'b', content_html, url: 'javascript:alert(1)' },
    ]);
    expect(items).toMatchObject([
      { id: 'a', url: null, contentHtml: '<a href="https://json.example/b">b</a>' },
      { id: 'b', url: null, contentHtml: '<a href="https://json.example/b">b</a>' },
    ]);
  });

  test('an item without an id is identified by its URL, else by its text', async () => {
    const { id: _, ...anonymous } = note;
    const ids = async () =>
      (await readItems([anonymous, { ...anonymous, url: '/n' }, { ...anonymous, title: 'Other' }])).map(
        ({ id }) => id,
      );
    expect(await ids()).toEqual([
      expect.stringMatching(/^urn:uuid:/),
      new URL('/n', server.url).href,
      expect.stringMatching(/^urn:uuid:/),
    ]);
    expect(await ids()).toEqual(await ids());
    expect(new Set(await ids()).size).toBe(3);
  });

  test.each<[string, object, object]>([
    [
      'a size as text and a relative URL',
      { url: '/e.mp3', mime_type: 'Audio/MPEG; x=y', size_in_bytes: '9' },
      { mediaType: 'audio/mpeg', size: 9 },
    ],
    ['neither a type nor a size', { url: '/e.mp3' }, { mediaType: 'application/octet-stream' }],
    [
      'an invalid size',
      { url: '/e.mp3', mime_type: 'mp3', size_in_bytes: -1, duration_in_seconds: 'long' },
      { mediaType: 'application/octet-stream' },
    ],
  ])('an attachment with %s is kept', async (_, attachment, expected) => {
    const [item] = await readItems([{ ...note, attachments: [null, { url: 'javascript:x' }, attachment] }]);
    expect(item?.attachments).toEqual([{ url: new URL('/e.mp3', server.url).href, ...expected }]);
  });

  test('an item of only an attachment or a picture is kept', async () => {
    expect(
      await readItems([
        {
          id: 'a',
          attachments: [{ url: 'https://json.example/e.mp3', mime_type: 'audio/mpeg', title: 'Talk' }],
        },
        { id: 'b', banner_image: 'https://json.example/b.jpg' },
        { id: 'c', image: 'data:x' },
      ]),
    ).toMatchObject([
      { id: 'a', title: 'Talk', url: null },
      { id: 'b', title: 'Untitled', imageUrl: 'https://json.example/b.jpg' },
    ]);
  });

  test('a link to another page is kept beside that to the own one', async () => {
    const external_url = 'https://elsewhere.example/';
    expect(
      await readItems([
        { ...note, external_url },
        { ...note, id: 'c', external_url },
      ]),
    ).toMatchObject([{ url: note.id, externalUrl: external_url }, { url: external_url }]);
  });

  test("the guide's format can have the enclosures and pictures of RSS", async () => {
    server.respondWith({
      ...guideFeed,
      image: { url: '/logo.png' },
      items: [
        {
          ...guideFeed.items[0],
          enclosure: { url: '/e.mp3', type: 'audio/mpeg', length: '9' },
          image: '/a.jpg',
        },
        { ...guideFeed.items[1], enclosure: [{ url: '/f.mp3' }, { url: '/g.mp3' }] },
      ],
    });
    const { iconUrl, items } = await source().feed();
    const at = (path: string) => new URL(path, server.url).href;
    expect(iconUrl).toBe(at('/logo.png'));
    expect(items).toMatchObject([
      { attachments: [{ url: at('/f.mp3') }, { url: at('/g.mp3') }] },
      { imageUrl: at('/a.jpg'), attachments: [{ url: at('/e.mp3'), mediaType: 'audio/mpeg', size: 9 }] },
    ]);
  });

  test('a JSON feed without a title has the name of its host', async () => {
    server.respondWith({ ...jsonFeed, title: undefined });
    expect((await source().feed()).title).toBe('json.example');
  });

  test('an item of the guide needs neither a title nor a link, and pubDate is its date, too', async () => {
    server.respondWith({
      ...guideFeed,
      items: [
        { description: 'A note', guid: 'https://news.example/3', pubDate: 'Mon, 02 Nov 2026 10:00:00 GMT' },
      ],
    });
    expect((await source().feed()).items).toMatchObject([
      {
        id: 'https://news.example/3',
        url: 'https://news.example/3',
        title: 'A note',
        publishedAt: new Date('2026-11-02T10:00:00Z'),
      },
    ]);
  });
});

describe('invalid input', () => {
  test('empty items are left out and logged', async () => {
    server.respondWith({ ...guideFeed, items: [null, {}, { guid: 1 }, 'text', guideFeed.items[1]] });
    const warn = vi.fn();
    const feed = await source({ log: { warn } }).feed();
    expect(feed.items.map(({ title }) => title)).toEqual(['Newer']);
    expect(warn).toHaveBeenCalledExactlyOnceWith({ dropped: 4, kept: 1 }, 'feed items left out');
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['a text', 'feed'],
    ['no items', { title: 'x' }],
    ['items that are not a list', { ...guideFeed, items: {} }],
    ['no title', { ...guideFeed, title: undefined }],
    ['only empty items', { ...guideFeed, items: [null, 1, {}] }],
  ])('a document that is %s rejects with upstream_bad_answer', async (_, json) => {
    server.respondWith(json);
    const read = source({ fetch: async () => json }).feed();
    await expect(read).rejects.toMatchObject({ name: 'AppError', reason: 'upstream_bad_answer' });
  });
});

describe('cache', () => {
  test('a fresh feed is not fetched again', async () => {
    const { feed } = source();
    await feed();
    advance(limits.feed.freshFor - 1);
    await feed();
    expect(server.hits()).toBe(1);
    advance(1);
    await feed();
    expect(server.hits()).toBe(2);
  });

  test('concurrent callers share one fetch', async () => {
    const release = server.hold();
    const { feed } = source();
    const all = Promise.all([feed(), feed(), feed(), feed()]);
    release();
    const [first, ...others] = await all;
    for (const other of others) expect(other).toBe(first);
    expect(server.hits()).toBe(1);
  });

  test('concurrent callers share one failure, and the next caller fetches again', async () => {
    server.respondWith(undefined);
    const { feed } = source();
    const results = await Promise.allSettled([feed(), feed()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(server.hits()).toBe(1);
    server.respondWith(guideFeed);
    expect((await feed()).title).toBe('News & notes');
  });

  test('while the source is down the stale feed is served, with few retries, until it is too old', async () => {
    const warn = vi.fn();
    const { feed } = source({ log: { warn } });
    const good = await feed();
    server.respondWith(undefined);

    advance(limits.feed.freshFor);
    expect(await feed()).toBe(good);
    expect(await feed()).toBe(good);
    expect(server.hits()).toBe(2);
    expect(warn).toHaveBeenCalledOnce();

    await server.stop();
    advance(limits.feed.staleIfErrorFor - 1);
    expect(await feed()).toBe(good);
    advance(1);
    await expect(feed()).rejects.toMatchObject({ name: 'AppError', reason: 'upstream_unreachable' });
  });

  test('when the source recovers, its new feed is served', async () => {
    const { feed } = source();
    await feed();
    server.respondWith({ nonsense: true });
    advance(limits.feed.freshFor);
    await feed();
    server.respondWith({ ...guideFeed, title: 'Back again' });
    advance(limits.feed.freshFor);
    expect((await feed()).title).toBe('Back again');
  });

  test('an aborted fetch is a timeout', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort(new Error('too late')));
    await expect(source().feed()).rejects.toMatchObject({ name: 'AppError', reason: 'upstream_timeout' });
  });
});

describe('items dated in the future', () => {
  const future = (id: string, minutes: number) => ({
    ...jsonFeed.items[1],
    id,
    date_published: new Date(Date.now() + minutes * 60_000).toISOString(),
  });

  test('appear at their date, also while the source is down', async () => {
    server.respondWith({ ...jsonFeed, items: [future('b', 5), future('a', 1), ...jsonFeed.items] });
    const { feed } = source();
    const ids = async () => (await feed()).items.map(({ id }) => id).filter((id) => id.length === 1);
    expect(await ids()).toEqual([]);
    expect(await feed()).toBe(await feed());
    server.respondWith(undefined);
    advance(60_000);
    expect(await ids()).toEqual(['a']);
    advance(4 * 60_000);
    expect(await ids()).toEqual(['b', 'a']);
  });

  test('take no place from the others until then', async () => {
    const many = Array.from({ length: limits.feed.items + 1 }, (_, index) => future(`f${index}`, index + 1));
    server.respondWith({ ...jsonFeed, items: [...many, ...jsonFeed.items] });
    const { feed } = source();
    expect((await feed()).items).toHaveLength(2);
    server.respondWith(undefined);
    advance(60_000);
    expect((await feed()).items.map(({ id }) => id)).toContain('f0');
  });
});

describe('third-party HTML', () => {
  test('content is sanitized, and its links are resolved against the URL of the item', async () => {
    server.respondWith({
      ...jsonFeed,
      items: [
        {
          ...jsonFeed.items[0],
          content_html: '<p onclick="x()">Hi <a href="b">b</a><script>alert(1)</script></p>',
        },
      ],
    });
    const [item] = (await source().feed()).items;
    expect(item?.contentHtml).toBe('<p>Hi <a href="https://json.example/b">b</a></p>');
  });

  test("the guide's description is HTML: its text becomes the summary, its markup the content", async () => {
    const [first] = guideFeed.items;
    const description = '<p>Fish &amp; chips</p><p>1 &lt; 2<img src=x onerror=alert(1)></p>';
    server.respondWith({ ...guideFeed, items: [{ ...first, description }] });
    const [item] = (await source().feed()).items;
    expect(item?.summary).toBe('Fish & chips 1 < 2');
    expect(item?.contentHtml).toBe(
      '<p>Fish &amp; chips</p><p>1 &lt; 2<img src="https://news.example/x" /></p>',
    );
  });

  test('content that is too large is left out, and the item is kept', async () => {
    const content_html = '<p>'.repeat(limits.feed.htmlMarkup + 1);
    server.respondWith({ ...jsonFeed, items: [{ ...jsonFeed.items[0], content_html }] });
    expect((await source().feed()).items).toMatchObject([{ title: 'With everything', contentHtml: null }]);
  });
});

test('authors of JSON Feed 1 and 1.1 are read for the feed and its items', async () => {
  server.respondWith({
    ...jsonFeed,
    authors: [{ name: 'All', url: 'https://json.example/all' }, { name: '' }, null],
    items: [{ ...jsonFeed.items[0], author: { name: 'One', url: 'javascript:x' } }, jsonFeed.items[1]],
  });
  const { authors, items } = await source().feed();
  expect(authors).toEqual([{ name: 'All', url: 'https://json.example/all' }]);
  expect(items.map((item) => item.authors)).toEqual([[{ name: 'One' }], undefined]);
});

describe('revalidate', () => {
  test('fetches even a fresh feed', async () => {
    const { feed, revalidate } = source();
    await feed();
    server.respondWith({ ...guideFeed, title: 'Changed' });
    expect(await revalidate()).toEqual({ shared: false });
    expect((await feed()).title).toBe('Changed');
    expect(server.hits()).toBe(2);
  });

  test('does not use a fetch that was started earlier', async () => {
    const { feed, revalidate } = source();
    const release = server.hold();
    const early = feed();
    await vi.waitFor(() => expect(server.hits()).toBe(1));
    const late = revalidate();
    await vi.waitFor(() => expect(server.hits()).toBe(2));
    release();
    await Promise.all([early, late]);
    await feed();
    expect(server.hits()).toBe(2);
  });

  test('rejects if the source fails; the stale feed is served, and fetched again after a delay', async () => {
    const { feed, revalidate } = source();
    const good = await feed();
    server.respondWith(undefined);
    await expect(revalidate()).rejects.toMatchObject({ reason: 'upstream_refused' });
    expect(await feed()).toBe(good);
    expect(server.hits()).toBe(2);
    server.respondWith({ ...guideFeed, title: 'Changed' });
    advance(10_000);
    expect((await feed()).title).toBe('Changed');
  });
});

test('without FEED_SOURCE_URL the posts are the feed', async () => {
  const { feed, posts } = createFeedSource({
    env: { SITE_URL: 'https://example.org', NODE_ENV: 'test', FEED_SOURCE_URL: undefined },
    fetchJson: () => Promise.reject(new Error('unexpected fetch')),
  });
  const { homeUrl, items } = await feed();
  const all = await posts.list();
  expect(homeUrl).toBe('https://example.org/posts');
  expect(items.map(({ title }) => title)).toEqual(all.map(({ title }) => title));
  const [first] = all;
  expect(await posts.get(first?.slug ?? '')).toEqual(first);
  expect(await posts.get('../../package')).toBeUndefined();
});
