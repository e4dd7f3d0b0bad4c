import { parseJsonFeed } from 'feedsmith';
import { expect, test } from 'vitest';
import { renderJsonFeed } from '#server/feed/json-feed.ts';
import { parseFeedJson } from '#server/feed/parse.ts';
import { feed, item } from './support.ts';

const selfUrl = 'https://example.org/feed.json';
const full = feed({
  language: 'en',
  authors: [{ name: 'All', url: 'https://example.org/all' }],
  items: [
    item({ updatedAt: new Date('2026-11-03T08:00:00Z'), categories: ['one'], authors: [{ name: 'Ann' }] }),
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
      },
      { id: 'b', content_text: 'Just text' },
    ],
  });
});

test('parseFeedJson reads the rendered feed: one product can be the source of another', () => {
  const { feed: read, dropped } = parseFeedJson(JSON.parse(renderJsonFeed(full, { selfUrl })), selfUrl);
  expect(dropped).toBe(0);
  expect(read).toMatchObject({
    title: 'Feed',
    homeUrl: 'https://example.org/',
    authors: full.authors,
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
