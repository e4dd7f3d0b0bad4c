import { parseRssFeed } from 'feedsmith';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type Feed, newestFirst } from '#server/feed/model.ts';
import { renderRss, rfc822Date } from '#server/feed/rss.ts';
import { asHtml, feed, item } from './support.ts';

const selfUrl = 'https://example.org/rss.xml';

const render = (overrides: Partial<Feed> = {}) => renderRss(feed(overrides), { selfUrl });
const parse = (overrides: Partial<Feed> = {}) => parseRssFeed(render(overrides));

describe('an independent parser reads hostile text back unchanged', () => {
  test.each([
    ['markup', '<script>alert(1)</script> & <b>bold</b>'],
    ['the end of a CDATA section', 'a ]]> b <![CDATA[ c ]]>'],
    ['text that looks like references', '&amp; &lt; &#60; &nope; & AT&T'],
    ['quotes', `"double" and 'single'`],
    ['emoji', '😀 👨‍👩‍👧 🇨🇭'],
    ['bidirectional marks', '\u202eevil\u202c \u2066isolate\u2069 \u200f'],
    ['line ends and tabs', 'one\ntwo\tthree'],
    ['a closing tag of the feed itself', '</title></item></channel></rss>'],
    ['the end of the XML declaration', '?> <?xml version="1.0"?> <!-- -->'],
  ])('%s', (_, text) => {
    const parsed = parse({
      title: text,
      description: text,
      items: [item({ title: text, summary: text, contentHtml: text, categories: [text] })],
    });
    expect(parsed.title).toBe(text);
    // A description is HTML, so plain text is escaped once more.
    expect(parsed.description).toBe(asHtml(text));
    const [first] = parsed.items ?? [];
    expect(first?.title).toBe(text);
    expect(first?.description).toBe(asHtml(text));
    expect(first?.content?.encoded).toBe(text);
    expect(first?.categories?.map((category) => category.name)).toEqual([text]);
  });

  test('characters that XML forbids are dropped and the rest is kept', () => {
    const parsed = parse({ items: [item({ title: 'a\u0000b\u0008c \ud83d d \ude00 e\ufffe\uffff 😀' })] });
    expect(parsed.items?.[0]?.title).toBe('abc  d  e 😀');
  });
});

describe('RSS 2.0', () => {
  test('the channel has the required elements', () => {
    const parsed = parse({ language: 'en', copyright: '© Example' });
    expect(parsed).toMatchObject({
      title: 'Feed',
      link: 'https://example.org/',
      description: 'About it',
      language: 'en',
      copyright: '© Example',
    });
  });

  test('atom:link points at the document itself', () => {
    expect(parse().atom?.links).toEqual([{ href: selfUrl, rel: 'self', type: 'application/rss+xml' }]);
  });

  test('a guid is a permalink only when it is the URL of the item', () => {
    const guids = parse({
      items: [
        item({ id: 'https://example.org/posts/a' }),
        item({ id: 'urn:uuid:1' }),
        item({ id: 'https://elsewhere.example/1' }),
      ],
    }).items?.map((parsed) => parsed.guid);
    expect(guids).toEqual([
      { value: 'https://example.org/posts/a', isPermaLink: true },
      { value: 'urn:uuid:1', isPermaLink: false },
      { value: 'https://elsewhere.example/1', isPermaLink: false },
    ]);
  });

  test('an item names its authors, or else those of the feed, without an address', () => {
    const items = [item({ id: 'urn:1', authors: [{ name: 'Ann' }, { name: 'Bob' }] }), item({ id: 'urn:2' })];
    const parsed = parse({ authors: [{ name: 'All' }], items });
    expect(parsed.items?.map(({ dc }) => dc?.creators)).toEqual([['Ann', 'Bob'], ['All']]);
    expect(render()).not.toContain('dc:');
  });

  test('dates are RFC 822 with four-digit years, in GMT', () => {
    expect(rfc822Date(new Date('2026-11-02T23:30:00-05:00'))).toBe('Tue, 03 Nov 2026 04:30:00 GMT');
    expect(rfc822Date(new Date('0099-01-01T00:00:00Z'))).toMatch(/ 0099 /);
  });

  test('lastBuildDate is the date of the newest item, not now', () => {
    const items = [
      item({ publishedAt: new Date('2026-11-05T00:00:00Z') }),
      item({ publishedAt: new Date('2026-11-01T00:00:00Z'), updatedAt: new Date('2026-11-07T00:00:00Z') }),
    ];
    expect(render({ items })).toContain('<lastBuildDate>Sat, 07 Nov 2026 00:00:00 GMT</lastBuildDate>');
  });

  test('description precedes content:encoded', () => {
    const xml = render();
    expect(xml.indexOf('<description>A summary')).toBeGreaterThan(0);
    expect(xml.indexOf('<description>A summary')).toBeLessThan(xml.indexOf('<content:encoded>'));
  });

  test('a feed without items or content is valid', () => {
    expect(render({ items: [] })).not.toContain('lastBuildDate');
    expect(parse({ items: [] }).title).toBe('Feed');
    expect(render({ items: [item({ contentHtml: null, summary: '' })] })).not.toMatch(
      /content:|<description\/>/,
    );
  });

  test('attachments are an enclosure and media contents, and pictures thumbnails', () => {
    const items = [
      item({
        imageUrl: 'https://example.org/a.jpg?x=1&y=2',
        attachments: [
          { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', size: 9, duration: 61.4 },
          { url: 'https://example.org/a.mp4', mediaType: 'video/mp4', size: 10, duration: 62 },
        ],
      }),
      item({ id: 'b', attachments: [{ url: 'https://example.org/b.mp3', mediaType: 'audio/mpeg' }] }),
    ];
    expect(parse({ items }).items).toMatchObject([
      {
        enclosures: [{ url: 'https://example.org/a.mp3', type: 'audio/mpeg', length: 9 }],
        itunes: { duration: 61 },
        media: {
          contents: [{ url: 'https://example.org/a.mp4', type: 'video/mp4', fileSize: 10, duration: 62 }],
          thumbnails: [{ url: 'https://example.org/a.jpg?x=1&y=2' }],
        },
      },
      { enclosures: [{ url: 'https://example.org/b.mp3', type: 'audio/mpeg', length: 0 }] },
    ]);
  });

  test('the channel has a picture', () => {
    expect(parse({ iconUrl: 'https://example.org/icon.png' }).image).toEqual({
      url: 'https://example.org/icon.png',
      title: 'Feed',
      link: 'https://example.org/',
    });
  });

  test('an item needs neither a link nor a date', () => {
    const xml = render({ items: [item({ url: null, publishedAt: null })] });
    expect(xml).not.toMatch(/<pubDate>|<lastBuildDate>/);
    expect(parseRssFeed(xml).items?.map(({ title, link }) => [title, link])).toEqual([
      ['A title', undefined],
    ]);
  });

  test('the same feed renders to the same bytes', () => {
    expect(render()).toBe(render());
  });
});

test('items are sorted newest first and capped', () => {
  const items = Array.from({ length: limits.feed.items + 5 }, (_, minute) =>
    item({ id: `urn:${minute}`, publishedAt: new Date(Date.UTC(2026, 10, 1, 0, minute)) }),
  );
  const sorted = newestFirst(items);
  expect(sorted).toHaveLength(limits.feed.items);
  expect(sorted[0]?.id).toBe(`urn:${limits.feed.items + 4}`);
});

test('of items with the same id the newest is kept', () => {
  const older = item({ title: 'Older', publishedAt: new Date('2020-01-01') });
  expect(newestFirst([older, item()]).map(({ title }) => title)).toEqual(['A title']);
});

test('the feed declares only the namespaces that it uses', () => {
  const namespaces = (overrides: Parameters<typeof item>[0], feedOverrides: Partial<Feed> = {}) =>
    [...render({ items: [item(overrides)], ...feedOverrides }).matchAll(/ xmlns:(\w+)=/g)].map(
      ([, prefix]) => prefix,
    );
  const audio = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg' };
  const plain = { contentHtml: null };
  expect(namespaces(plain)).toEqual(['atom']);
  expect(namespaces({})).toEqual(['atom', 'content']);
  expect(namespaces({ ...plain, attachments: [audio] })).toEqual(['atom']);
  expect(namespaces({ ...plain, attachments: [audio, audio] })).toEqual(['atom', 'media']);
  expect(namespaces({ ...plain, imageUrl: 'https://example.org/a.png' })).toEqual(['atom', 'media']);
  expect(namespaces({ ...plain, attachments: [{ ...audio, duration: 1 }] })).toEqual(['atom', 'itunes']);
  expect(namespaces({ ...plain, authors: [{ name: 'Ann' }] })).toEqual(['atom', 'dc']);
  expect(namespaces(plain, { authors: [{ name: 'All' }] })).toEqual(['atom', 'dc']);
});

test('a further attachment of unknown size and duration has neither', () => {
  const audio = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg' };
  const xml = render({
    items: [item({ attachments: [audio, { ...audio, url: 'https://example.org/b.mp3' }] })],
  });
  expect(xml).toContain('<media:content url="https://example.org/b.mp3" type="audio/mpeg"/>');
  expect(xml).not.toContain('duration');
});

test('optional elements of the channel are left out', () => {
  expect(render()).not.toMatch(/<language>|<copyright>|<image>/);
});
