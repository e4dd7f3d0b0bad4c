import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRssFeed } from 'feedsmith';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '#server/errors.ts';
import { createFeedSource, type FeedSource } from '#server/feed/source.ts';
import { toResponse } from '#server/http/response.ts';
import { feedFormats, respondWithFeed } from '#server/routes/feeds.ts';

const siteUrl = 'https://example.org';
const folder = mkdtempSync(join(tmpdir(), 'posts-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const day of ['01', '02', '03'])
  writeFileSync(join(folder, `post-${day}.md`), `---\ntitle: A post\ndate: 2026-11-${day}\n---\nText.\n`);
const feed = createFeedSource({
  postsDirectory: folder,
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
  expect(parsed.items?.length).toBe(3);
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

describe('a post dated in the future', () => {
  const start = new Date('2026-11-20T00:00:00Z');
  const due = new Date('2026-11-20T00:01:00Z');
  let directory: string;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: start });
    directory = mkdtempSync(join(tmpdir(), 'posts-'));
    writeFileSync(join(directory, 'now.md'), '---\ndate: 2026-11-19\nupdated: 2026-11-20\n---\n');
    writeFileSync(join(directory, 'later.md'), `---\ndate: ${due.toISOString()}\nupdated: 2026-11-21\n---\n`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (NODE_ENV: 'production' | 'development') =>
    createFeedSource({
      env: { SITE_URL: siteUrl, NODE_ENV, FEED_SOURCE_URL: undefined },
      fetchJson: () => Promise.reject(new Error('unexpected fetch')),
      postsDirectory: directory,
    });
  const slugs = async (source: FeedSource) => (await source.posts.list()).map(({ slug }) => slug);

  test('is held back everywhere until then, but not in development', async () => {
    const source = open('production');
    expect(await slugs(source)).toEqual(['now']);
    expect(await source.posts.get('later')).toBeUndefined();
    expect(await slugs(open('development'))).toEqual(['later', 'now']);
    vi.setSystemTime(due);
    expect(await slugs(source)).toEqual(['later', 'now']);
    expect(await source.posts.get('later')).toMatchObject({ slug: 'later', updatedAt: undefined });
  });

  test('is not missed by conditional requests', async () => {
    const source = open('production');
    const ask = async (headers: Record<string, string> = {}) => {
      const request = new Request('http://127.0.0.1:3000/rss.xml', { headers });
      return toResponse(await respondWithFeed(request, feedFormats.rss, { feed: source, siteUrl }));
    };
    const conditions = ({ headers }: Response): Record<string, string>[] => [
      { 'if-none-match': headers.get('etag') ?? '' },
      { 'if-modified-since': headers.get('last-modified') ?? '' },
    ];
    const statuses = async (response: Response) =>
      Promise.all(conditions(response).map(async (condition) => (await ask(condition)).status));

    const before = await ask();
    expect(before.headers.get('last-modified')).toBe(start.toUTCString());
    vi.setSystemTime(new Date(due.getTime() - 1));
    expect(await statuses(before)).toEqual([304, 304]);
    vi.setSystemTime(due);
    expect(await statuses(before)).toEqual([200, 200]);
    const after = await ask();
    expect(after.headers.get('last-modified')).toBe(due.toUTCString());
    expect(await statuses(after)).toEqual([304, 304]);
  });
});

test('a failing source rejects with its reason', async () => {
  const failing = { feed: () => Promise.reject(new AppError('upstream_timeout')) };
  const response = respondWithFeed(new Request('http://localhost/rss.xml'), feedFormats.rss, {
    feed: failing,
    siteUrl,
  });
  await expect(response).rejects.toMatchObject({ reason: 'upstream_timeout' });
});
