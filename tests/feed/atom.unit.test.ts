import { parseAtomFeed } from 'feedsmith';
import { expect, test } from 'vitest';
import { renderAtom } from '#server/feed/atom.ts';
import type { Feed } from '#server/feed/model.ts';
import { feed, item, readStrictly } from './support.ts';

const selfUrl = 'https://example.org/atom.xml';
const render = (overrides: Partial<Feed> = {}) => renderAtom(feed(overrides), { selfUrl });

test('an independent parser reads every field', () => {
  const xml = render({
    language: 'de-CH',
    copyright: '© Example',
    iconUrl: 'https://example.org/icon.png',
    authors: [{ name: 'All', url: 'https://example.org/all' }],
    items: [
      item({
        updatedAt: new Date('2026-11-03T08:00:00Z'),
        categories: ['one', 'two'],
        authors: [{ name: 'Ann' }],
        externalUrl: 'https://elsewhere.example/',
        imageUrl: 'https://example.org/a.jpg',
        attachments: [
          {
            url: 'https://example.org/a.mp3',
            mediaType: 'audio/mpeg',
            size: 9,
            duration: 61,
            title: 'A talk',
          },
          { url: 'https://example.org/a.pdf', mediaType: 'application/pdf' },
        ],
      }),
    ],
  });
  expect(parseAtomFeed(xml)).toEqual({
    id: selfUrl,
    title: { value: 'Feed' },
    subtitle: { value: 'About it' },
    updated: '2026-11-03T08:00:00.000Z',
    icon: 'https://example.org/icon.png',
    rights: { value: '© Example' },
    authors: [{ name: 'All', uri: 'https://example.org/all' }],
    links: [
      { rel: 'self', type: 'application/atom+xml', href: selfUrl },
      { rel: 'alternate', type: 'text/html', href: 'https://example.org/' },
    ],
    xml: { lang: 'de-CH' },
    entries: [
      {
        id: 'tag:example.org,2026-11-02:/posts/a',
        title: { value: 'A title' },
        links: [
          { rel: 'alternate', href: 'https://example.org/posts/a' },
          { rel: 'related', href: 'https://elsewhere.example/' },
          {
            rel: 'enclosure',
            href: 'https://example.org/a.mp3',
            type: 'audio/mpeg',
            length: 9,
            title: 'A talk',
          },
          { rel: 'enclosure', href: 'https://example.org/a.pdf', type: 'application/pdf' },
        ],
        media: { thumbnails: [{ url: 'https://example.org/a.jpg' }] },
        published: '2026-11-02T10:00:00.000Z',
        updated: '2026-11-03T08:00:00.000Z',
        authors: [{ name: 'Ann' }],
        categories: [{ term: 'one' }, { term: 'two' }],
        summary: { type: 'text', value: 'A summary' },
        content: { type: 'html', value: '<p>Content</p>' },
      },
    ],
  });
});

test('RFC 4287: even an empty feed has an author, an id and an updated date', () => {
  const values = readStrictly(render({ items: [] }));
  expect(values.get('feed/author/name')).toEqual(['Feed']);
  expect(values.get('feed/id')).toEqual([selfUrl]);
  expect(values.get('feed/updated')).toEqual(['1970-01-01T00:00:00.000Z']);
});

test('an id that is not a URI becomes one, stable and unique per id', () => {
  const ids = readStrictly(render({ items: ['7', 'seven', '8'].map((id) => item({ id })) })).get(
    'feed/entry/id',
  );
  expect(ids).toEqual([
    'urn:uuid:6798fcbb-7d98-5651-a371-33da65a1f5aa',
    expect.stringMatching(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
    expect.stringMatching(/^urn:uuid:/),
  ]);
  expect(new Set(ids).size).toBe(3);
});

test('an entry without authors repeats those of the feed', () => {
  const values = readStrictly(render({ authors: [{ name: 'All' }] }));
  expect(values.get('feed/entry/author/name')).toEqual(['All']);
});

test('an entry without a link has content, and one without a date is from 1970', () => {
  const values = readStrictly(
    render({ items: [item({ url: null, contentHtml: null, publishedAt: null, summary: 'Just text' })] }),
  );
  expect(values.get('feed/entry/link@href')).toBeUndefined();
  expect(values.get('feed/entry/content')).toEqual(['Just text']);
  expect(values.get('feed/entry/published')).toBeUndefined();
  expect(values.get('feed/entry/updated')).toEqual(['1970-01-01T00:00:00.000Z']);
  expect(values.get('feed/updated')).toEqual(['1970-01-01T00:00:00.000Z']);
});

test('the same feed renders to the same bytes', () => {
  expect(render()).toBe(render());
});

test('optional elements and attributes are left out', () => {
  const xml = render({ description: '', items: [item({ summary: '', contentHtml: null })] });
  expect(xml).not.toMatch(
    /xml:lang|xmlns:media|<subtitle|<icon|<rights|<summary|<content|rel="related"|length=/,
  );
});

test('an entry with an address needs no content, and one that was updated before its publication is not newer', () => {
  const published = new Date('2026-11-02T10:00:00Z');
  const values = readStrictly(
    render({ items: [item({ contentHtml: null, publishedAt: published, updatedAt: new Date(0) })] }),
  );
  expect(values.get('feed/entry/content')).toBeUndefined();
  expect(values.get('feed/entry/updated')).toEqual([published.toISOString()]);
  expect(values.get('feed/updated')).toEqual([published.toISOString()]);
});
