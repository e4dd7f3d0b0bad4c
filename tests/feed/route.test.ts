import { parseRssFeed } from 'feedsmith';
import { afterEach, expect, test, vi } from 'vitest';
import { AppError } from '#server/errors.ts';
import { createFeedSource } from '#server/feed/source.ts';
import { toResponse } from '#server/http/response.ts';
import { feedFormats, respondWithFeed } from '#server/routes/feeds.ts';

const siteUrl = 'https://example.org';
const feed = createFeedSource({
  env: { SITE_URL: siteUrl, NODE_ENV: 'production', FEED_SOURCE_URL: undefined },
  fetchJson: () => Promise.reject(new Error('unexpected fetch')),
});
const get = async (init?: RequestInit) => {
  const request = new Request('http://127.0.0.1:3000/rss.xml', init);
  return toResponse(await respondWithFeed(request, feedFormats.rss, { feed, siteUrl }));
};

test('/rss.xml is the built-in feed with its public URL', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/rss+xml; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe(
    'public, max-age=60, stale-while-revalidate=600, stale-if-error=86400',
  );
  const parsed = parseRssFeed(await response.text());
  expect(parsed.atom?.links?.[0]?.href).toBe('https://example.org/rss.xml');
  expect(parsed.link).toBe('https://example.org/posts');
  expect(parsed.items?.length).toBeGreaterThanOrEqual(3);
  for (const item of parsed.items ?? []) expect(item.link).toMatch(/^https:\/\/example\.org\/posts\//);
});

afterEach(() => {
  vi.useRealTimers();
});

test('a conditional request gets a 304', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2100-01-01T00:00:00Z') });
  const { headers } = await get();
  const etag = headers.get('etag') ?? '';
  const lastModified = headers.get('last-modified') ?? '';
  expect((await get({ headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await get({ headers: { 'if-modified-since': lastModified } })).status).toBe(304);
});

test('a failing source rejects with its reason', async () => {
  const failing = { feed: () => Promise.reject(new AppError('upstream_timeout')) };
  const response = respondWithFeed(new Request('http://localhost/rss.xml'), feedFormats.rss, {
    feed: failing,
    siteUrl,
  });
  await expect(response).rejects.toMatchObject({ reason: 'upstream_timeout' });
});
