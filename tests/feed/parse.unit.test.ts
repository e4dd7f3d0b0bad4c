import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { parseFeedJson } from '#server/feed/parse.ts';
import { fakeClocks } from '#tests/support/fake-clock.ts';

fakeClocks();

const sourceUrl = 'https://source.example/api/feed.json';
const version = 'https://jsonfeed.org/version/1.1';
const parse = async (json: object) => (await parseFeedJson({ version, items: [], ...json }, sourceUrl)).feed;
const itemOf = async (raw: object) => (await parse({ items: [raw] })).items[0];

describe('the channel of a JSON feed', () => {
  test('without any field is named after its source', async () => {
    expect(await parse({})).toEqual({
      title: 'source.example',
      description: '',
      homeUrl: 'https://source.example/',
      items: [],
    });
  });

  test.each([
    ['an absolute home page', 'https://home.example/x', 'https://home.example/x'],
    ['a relative home page', '../blog', 'https://source.example/blog'],
    ['an invalid home page', 'mailto:a@b.example', 'https://source.example/'],
  ])('has %s', async (_, home_page_url, homeUrl) => {
    expect((await parse({ home_page_url })).homeUrl).toBe(homeUrl);
  });

  test.each([
    [{ icon: '/icon.png', favicon: '/favicon.png' }, 'https://source.example/icon.png'],
    [{ favicon: '/favicon.png' }, 'https://source.example/favicon.png'],
    [{ icon: 'data:x', favicon: '/favicon.png' }, 'https://source.example/favicon.png'],
    [{}, undefined],
  ])('with %j has the icon %s', async (fields, iconUrl) => {
    expect((await parse(fields)).iconUrl).toBe(iconUrl);
  });

  test.each([
    [{ author: { name: 'One' } }, [{ name: 'One' }]],
    [{ authors: [{ name: 'All' }], author: { name: 'One' } }, [{ name: 'All' }]],
    [{ authors: [] }, undefined],
    [{ author: 'One' }, undefined],
  ])('with %j has the authors %j', async (fields, authors) => {
    expect((await parse(fields)).authors).toEqual(authors);
  });

  test('has its description and language', async () => {
    expect(await parse({ description: 'About it', language: 'de' })).toMatchObject({
      description: 'About it',
      language: 'de',
    });
    expect(await parse({ description: 1, language: 'auf Deutsch' })).toMatchObject({
      description: '',
      language: undefined,
    });
  });
});

describe('the channel of a feed of the guide', () => {
  const guide = { version: undefined, title: ' News ' };

  test('has its fields', async () => {
    const fields = {
      description: 'About it',
      language: 'de',
      copyright: '© A',
      link: 'https://news.example/',
    };
    expect(await parse({ ...guide, ...fields, image: '/a.png' })).toEqual({
      title: 'News',
      description: 'About it',
      language: 'de',
      copyright: '© A',
      homeUrl: 'https://news.example/',
      iconUrl: 'https://source.example/a.png',
      items: [],
    });
  });

  test.each([
    [{ url: '/b.png' }, 'https://source.example/b.png'],
    [{ url: 'data:x' }, undefined],
    [7, undefined],
  ])('with the image %j has the icon %s', async (image, iconUrl) => {
    expect((await parse({ ...guide, image })).iconUrl).toBe(iconUrl);
  });

  test('has items with their categories', async () => {
    const items = [{ title: 'One', guid: 'a', categories: ['x', 1, 'y'] }];
    expect((await parse({ ...guide, items })).items).toMatchObject([
      { id: 'a', title: 'One', url: null, categories: ['x', 'y'], publishedAt: null, contentHtml: null },
    ]);
  });

  test.each([
    [{ publishDate: '2026-01-02', pubDate: '2026-01-03' }, '2026-01-02'],
    [{ pubDate: '2026-01-03' }, '2026-01-03'],
    [{ publishDate: 'soon', pubDate: '2026-01-03' }, '2026-01-03'],
  ])('has an item with %j on %s', async (dates, day) => {
    const [item] = (await parse({ ...guide, items: [{ title: 'One', ...dates }] })).items;
    expect(item?.publishedAt).toEqual(new Date(day));
  });
});

describe('an item of a JSON feed', () => {
  const id = 'https://source.example/a';

  test.each([
    ['published', { date_published: '2026-01-02', date_modified: '2026-01-03' }, '2026-01-02', '2026-01-03'],
    ['only modified', { date_modified: '2026-01-03' }, '2026-01-03', '2026-01-03'],
  ])('that is %s has its dates', async (_, dates, published, updated) => {
    expect(await itemOf({ id, content_text: 'x', ...dates })).toMatchObject({
      publishedAt: new Date(published),
      updatedAt: new Date(updated),
    });
  });

  test.each([
    [{ id, url: '/b', external_url: 'https://c.example/' }, 'https://source.example/b', 'https://c.example/'],
    [{ id, external_url: 'https://c.example/' }, id, 'https://c.example/'],
    [{ id: 'c', external_url: 'https://c.example/' }, 'https://c.example/', undefined],
    [{ id: 'c' }, null, undefined],
    [{ id: 'HTTPS://source.example/a' }, id, undefined],
    [{ id: 'see https://source.example/a' }, null, undefined],
  ])('with %j has its addresses', async (fields, url, externalUrl) => {
    const item = await itemOf({ content_text: 'x', ...fields });
    expect({ url: item?.url, externalUrl: item?.externalUrl }).toEqual({ url, externalUrl });
  });

  test('keeps a summary beside its text', async () => {
    expect(
      await itemOf({ id, summary: 'In short', content_text: 'One\r\ntwo\r\n\r\n \n\nthree & four' }),
    ).toMatchObject({
      title: 'In short',
      summary: 'In short',
      contentHtml: '<p>One<br />two</p>\n<p>three &amp; four</p>',
    });
  });

  test('has its HTML rather than its text', async () => {
    expect(await itemOf({ id, content_html: '<b>x</b>', content_text: 'y' })).toMatchObject({
      summary: 'y',
      contentHtml: '<b>x</b>',
    });
  });

  test.each([
    [{ image: '/a.jpg', banner_image: '/b.jpg' }, 'https://source.example/a.jpg'],
    [{ banner_image: '/b.jpg' }, 'https://source.example/b.jpg'],
  ])('with %j has the picture %s', async (fields, imageUrl) => {
    expect((await itemOf({ id, content_text: 'x', ...fields }))?.imageUrl).toBe(imageUrl);
  });

  test('has all of its attachments', async () => {
    const item = await itemOf({
      id,
      title: 'Two files',
      attachments: [
        {
          url: '/a.mp3',
          mime_type: 'audio/mpeg',
          title: 'A talk',
          size_in_bytes: 9,
          duration_in_seconds: 61.5,
        },
        { url: '/b.mp3' },
      ],
    });
    expect(item?.attachments).toEqual([
      {
        url: 'https://source.example/a.mp3',
        mediaType: 'audio/mpeg',
        title: 'A talk',
        size: 9,
        duration: 61.5,
      },
      { url: 'https://source.example/b.mp3', mediaType: 'application/octet-stream' },
    ]);
    expect((await itemOf({ id, title: 'None', attachments: [] }))?.attachments).toBeUndefined();
  });
});

describe('the title of an item without one', () => {
  const id = 'https://source.example/a';
  const long = 'x'.repeat(80);

  test.each<[string, object, string]>([
    ['a text of the greatest length', { content_text: long }, long],
    ['the beginning of a longer text', { content_text: `${long}x` }, `${'x'.repeat(79)}…`],
    ['the name of its attachment', { attachments: [{ url: '/a', title: 'A talk' }] }, 'A talk'],
    ['its date', { attachments: [{ url: '/a' }], date_published: '2026-01-02' }, '2026-01-02'],
    ['nothing', { attachments: [{ url: '/a' }] }, 'Untitled'],
  ])('is %s', async (_, fields, title) => {
    expect((await itemOf({ id, ...fields }))?.title).toBe(title);
  });
});

test('an item without id and address always has the same id, and other content another one', async () => {
  const [one, again, other] = await Promise.all(
    ['x', 'x', 'y'].map((content_text) => itemOf({ content_text })),
  );
  expect(one?.id).toMatch(/^urn:uuid:/);
  expect(again?.id).toBe(one?.id);
  expect(other?.id).not.toBe(one?.id);
});

test('empty items are counted, and an item of only an address is none of them', async () => {
  const items = [{}, { id: 'x' }, { url: '/a' }, { tags: ['x'] }, null];
  const { feed, dropped } = await parseFeedJson({ version, items }, sourceUrl);
  expect(feed.items.map(({ url }) => url)).toEqual(['https://source.example/a']);
  expect(dropped).toBe(4);
});

test('an item of this very moment is not one of the future', async () => {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const past = Array.from({ length: limits.feed.items }, (_, index) => ({
    id: `past ${index}`,
    content_text: 'x',
    date_published: at(-1 - index),
  }));
  const future = Array.from({ length: limits.feed.items + 1 }, (_, index) => ({
    id: `future ${index}`,
    content_text: 'x',
    date_published: at(index + 1),
  }));
  const now = { id: 'now', content_text: 'x', date_published: at(0) };
  const ids = (await parse({ items: [...future.toReversed(), now, ...past] })).items.map(({ id }) => id);
  expect(ids).toHaveLength(2 * limits.feed.items);
  expect(ids[0]).toBe('now');
  expect(ids).not.toContain(`past ${limits.feed.items - 1}`);
  expect(ids[limits.feed.items]).toBe('future 0');
  expect(ids).not.toContain(`future ${limits.feed.items}`);
});
