import { parseJsonFeed } from 'feedsmith';
import { expect, test } from 'vitest';
import { renderJsonFeed } from '#server/feed/json-feed.ts';
import { parseFeedJson } from '#server/feed/parse.ts';
import { feed, item } from './support.ts';

const selfUrl = 'https://example.org/feed.json';
const full = feed({
  language: 'en',
  iconUrl: 'https://example.org/icon.png',
  authors: [{ name: 'All', url: 'https://example.org/all' }],
  items: [
    item({
      updatedAt: new Date('2026-11-03T08:00:00Z'),
      categories: ['one'],
      authors: [{ name: 'Ann' }],
      externalUrl: 'https://elsewhere.example/',
      imageUrl: 'https://example.org/a.jpg',
      attachments: [
        { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', size: 9, duration: 61, title: 'A talk' },
        { url: 'https://example.org/a.pdf', mediaType: 'application/pdf' },
      ],
    }),
    item({ id: 'b', contentHtml: null, summary: 'Just text', publishedAt: new Date('2026-11-01T00:00:00Z') }),
  ],
});

test('an independent parser reads every field', () => {
  expect(parseJsonFeed(renderJsonFeed(full, { selfUrl }))).toMatchObject({
    title: 'Feed',
    home_page_url: 'https://example.org/',
    feed_url: selfUrl,
    description: 'About it',
    language: 'en',
    authors: [{ name: 'All', url: 'https://example.org/all' }],
    items: [
      {
        id: 'tag:example.org,2026-11-02:/posts/a',
        url: 'https://example.org/posts/a',
        title: 'A title',
        content_html: '<p>Content</p>',
        summary: 'A summary',
        date_published: '2026-11-02T10:00:00.000Z',
        date_modified: '2026-11-03T08:00:00.000Z',
        tags: ['one'],
        authors: [{ name: 'Ann' }],
        external_url: 'https://elsewhere.example/',
        image: 'https://example.org/a.jpg',
        attachments: [
          {
            url: 'https://example.org/a.mp3',
            mime_type: 'audio/mpeg',
            title: 'A talk',
            size_in_bytes: 9,
            duration_in_seconds: 61,
          },
          { url: 'https://example.org/a.pdf', mime_type: 'application/pdf' },
        ],
      },
      { id: 'b', content_text: 'Just text' },
    ],
  });
});

test('parseFeedJson reads the rendered feed: one product can be the source of another', async () => {
  const { feed: read, dropped } = await parseFeedJson(JSON.parse(renderJsonFeed(full, { selfUrl })), selfUrl);
  expect(dropped).toBe(0);
  expect(read).toMatchObject({
    title: 'Feed',
    homeUrl: 'https://example.org/',
    authors: full.authors,
    iconUrl: full.iconUrl,
    items: [full.items[0] ?? {}, { id: 'b', summary: 'Just text', contentHtml: '<p>Just text</p>' }],
  });
});

test('an item needs neither a URL nor a date', () => {
  const json = renderJsonFeed(feed({ items: [item({ url: null, publishedAt: null })] }), { selfUrl });
  expect(json).not.toMatch(/null|"url"|"date_published"/);
});

test('empty fields are omitted, and every item has content', () => {
  const json = renderJsonFeed(feed({ description: '', items: [item({ contentHtml: null, summary: '' })] }), {
    selfUrl,
  });
  expect(json).not.toMatch(/null|\[\]|"description"|"summary"/);
  expect(JSON.parse(json)).toMatchObject({ items: [{ content_text: '' }] });
});
