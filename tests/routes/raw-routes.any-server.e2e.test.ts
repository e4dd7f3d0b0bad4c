import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { parseRssFeed } from 'feedsmith';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalog } from '#server/catalog/catalog.ts';
import { parseEnv } from '#server/config/env.ts';
import { productTitle } from '#server/config/product-name.ts';
import { expectError, readError } from '#tests/support/call.ts';
import { startTimeout, startWithFixturePosts } from '#tests/support/posts-product.ts';
import { printedCurl, waysToRun } from '#tests/support/printed-curl.ts';
import type { Product } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';

let product: Product;

beforeAll(async () => {
  product = await startWithFixturePosts();
}, startTimeout);
afterAll(() => product.close());

const get = (path: string, init: RequestInit = {}) => fetch(`${product.baseUrl}${path}`, init);
const textOf = async (path: string) => (await get(path)).text();
const entries = catalog(parseEnv({}).RATE_LIMITS);
const paths = entries.map(({ path }) => path);

function jsonBlocks(text: string): unknown[] {
  return [...text.matchAll(/```json\n([\s\S]*?)\n```/g)].map(([, code = '']) => JSON.parse(code));
}

describe.each([
  { path: '/rss.xml', contentType: 'application/rss+xml; charset=utf-8' },
  { path: '/atom.xml', contentType: 'application/atom+xml; charset=utf-8' },
  { path: '/feed.json', contentType: 'application/feed+json; charset=utf-8' },
  { path: '/sitemap.xml', contentType: 'application/xml; charset=utf-8' },
  { path: '/llms.txt', contentType: 'text/plain; charset=utf-8' },
  { path: '/llms-full.txt', contentType: 'text/plain; charset=utf-8' },
  { path: '/openapi.json', contentType: 'application/json; charset=utf-8' },
  { path: '/docs/procedures/fixture.body.md', contentType: 'text/markdown; charset=utf-8' },
])('$path', ({ path, contentType }) => {
  test('has content type, ETag, Last-Modified and caching headers', async () => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(contentType);
    expect(headers.get('etag')).toMatch(/^W\/"[\w-]{20,}"$/);
    expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+/);
    expect(headers.get('vary')?.toLowerCase()).toContain('accept-encoding');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toBeTruthy();
    const lastModified = headers.get('last-modified') ?? '';
    expect(new Date(lastModified).toUTCString()).toBe(lastModified);
    expect(Date.parse(lastModified)).toBeLessThanOrEqual(Date.now());
  });

  test('is the same document on each request', async () => {
    const [first, second] = [await get(path), await get(path)];
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(await second.text()).toBe(await first.text());
  });

  test('answers matching conditional requests with 304 and no body', async () => {
    const { headers } = await get(path);
    const etag = headers.get('etag') ?? '';
    const lastModified = headers.get('last-modified') ?? '';
    const conditions: Record<string, string>[] = [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", ${etag}` },
      { 'if-none-match': etag.replace('W/', '') },
      { 'if-none-match': '*' },
      { 'if-modified-since': lastModified },
      { 'if-none-match': etag, 'if-modified-since': new Date(0).toUTCString() },
    ];
    for (const condition of conditions) {
      const response = await get(path, { headers: condition });
      expect(response.status, JSON.stringify(condition)).toBe(304);
      expect(await response.text()).toBe('');
      for (const name of ['etag', 'last-modified', 'cache-control']) {
        expect(response.headers.get(name)).toBe(headers.get(name));
      }
      expect(response.headers.get('vary')?.toLowerCase()).toContain('accept-encoding');
    }
  });

  test('answers non-matching conditional requests with the whole document', async () => {
    const { headers } = await get(path);
    const conditions: Record<string, string>[] = [
      { 'if-none-match': 'W/"other"' },
      { 'if-modified-since': new Date(0).toUTCString() },
      { 'if-modified-since': 'yesterday' },
      { 'if-none-match': '"other"', 'if-modified-since': headers.get('last-modified') ?? '' },
    ];
    for (const condition of conditions) {
      expect((await get(path, { headers: condition })).status, JSON.stringify(condition)).toBe(200);
    }
  });

  test('is compressed on request, with the same ETag', async () => {
    const fetchAs = (encoding: string) =>
      request(`${product.baseUrl}${path}`, { headers: { 'accept-encoding': encoding } });
    const [plain, compressed] = [await fetchAs('identity'), await fetchAs('gzip')];
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(compressed.headers.etag).toBe(plain.headers.etag);
    for (const { headers } of [plain, compressed]) expect(String(headers.vary)).toMatch(/accept-encoding/i);
    const text = Buffer.from(await plain.body.arrayBuffer());
    expect(gunzipSync(await compressed.body.arrayBuffer())).toEqual(text);
  });

  test('HEAD has the same headers as GET and no body', async () => {
    const [head, whole] = [await get(path, { method: 'HEAD' }), await get(path)];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'etag', 'last-modified', 'cache-control']) {
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
    }
  });
});

describe('/rss.xml', () => {
  test('is parsed by an independent parser, newest item first', async () => {
    const feed = parseRssFeed(await textOf('/rss.xml'));
    expect(feed.title).toBe(productTitle);
    expect(feed.atom?.links).toMatchObject([{ href: `${product.baseUrl}/rss.xml`, rel: 'self' }]);
    const items = feed.items ?? [];
    expect(items.length).toBeGreaterThan(0);
    const dates = items.map(({ pubDate }) => Date.parse(pubDate ?? ''));
    expect(dates).toEqual([...dates].sort((a, b) => b - a));
    expect(Date.parse(feed.lastBuildDate ?? '')).toBe(dates[0]);
    expect(new Set(items.map(({ guid }) => guid?.value)).size).toBe(items.length);
  });

  test('links only to existing pages', async () => {
    const { items = [], link = '' } = parseRssFeed(await textOf('/rss.xml'));
    for (const url of [link, ...items.map((item) => item.link ?? '')]) {
      expect(url).toMatch(new RegExp(`^${product.baseUrl}/`));
      expect((await fetch(url)).status, url).toBe(200);
    }
  });
});

describe('/llms.txt', () => {
  const linkLine = /^- \[([^\]]+)\]\((https?:\/\/[^)\s]+)\)(?:: \S.*)?$/;

  test('has the format of llmstxt.org', async () => {
    const lines = (await textOf('/llms.txt')).split('\n').filter((line) => line !== '');
    expect(lines[0]).toMatch(/^# \S/);
    expect(lines[1]).toMatch(/^> \S/);
    const firstSection = lines.findIndex((line) => line.startsWith('## '));
    expect(firstSection).toBeGreaterThan(1);
    for (const line of lines.slice(2, firstSection)) expect(line).not.toMatch(/^(#|>)/);
    for (const line of lines.slice(firstSection)) {
      expect(line.startsWith('## ') || linkLine.test(line), line).toBe(true);
    }
    const sections = lines.filter((line) => line.startsWith('## '));
    expect(sections.indexOf('## Optional')).toBe(sections.length - 1);
  });

  test('lists every procedure, and every link works', async () => {
    const links = (await textOf('/llms.txt'))
      .split('\n')
      .flatMap((line) => linkLine.exec(line)?.slice(1, 3) ?? []);
    for (const path of paths) expect(links).toContain(path);
    const urls = links.filter((text) => text.startsWith('http'));
    expect(urls).toContain(`${product.baseUrl}/rss.xml`);
    const statuses = await Promise.all(urls.map(async (url) => [url, (await fetch(url)).status]));
    expect(statuses).toEqual(urls.map((url) => [url, 200]));
  });
});

describe.each(['/llms.txt', '/docs/calling.md'])('the calling guide in %s', (path) => {
  test('shows a request and a response exactly as on the wire', async () => {
    const [shownRequest, shownResponse] = jsonBlocks(await textOf(path));
    const response = await get('/api/trpc/fixture.body', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(shownRequest),
    });
    expect(await response.json()).toEqual(shownResponse);
    expect(shownResponse).toHaveProperty('result.data.meta.values', { 'res.sentAt': ['Date'] });
  });

  describe.each(waysToRun)('by $program', ({ run, testBy }) => {
    testBy('prints a working curl command', async () => {
      const { status, body } = await run(printedCurl(await textOf(path)));
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ result: { data: { json: { res: expect.anything() } } } });
    });

    testBy('prints a working batch', async () => {
      const [, batches = ''] = (await textOf(path)).split('Batches');
      const { status, body } = await run(printedCurl(batches));
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject([
        { result: { data: { json: { res: { hello: 'world' } } } } },
        { result: { data: { json: { res: { tags: ['a'] } } } } },
      ]);
    });
  });
});

test.each(['/llms.txt', '/llms-full.txt', '/openapi.json', '/docs/procedures/fixture.body.md'])(
  '%s is marked noindex',
  async (path) => {
    expect((await get(path)).headers.get('x-robots-tag')).toBe('noindex');
  },
);

test('/llms-full.txt contains every procedure', async () => {
  const full = await textOf('/llms-full.txt');
  expect(full.match(/^# /gm)).toHaveLength(1);
  expect(full.startsWith((await textOf('/llms.txt')).split('\n## ')[0] ?? '-')).toBe(true);
  expect([...full.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(paths);
  for (const { errors } of entries)
    for (const { reason } of errors) expect(full).toContain(`\`${reason}\` (`);
});

describe('/docs/procedures', () => {
  const documentedFailures = new Map([
    ['email.status', 'not_found'],
    // Their examples need a service key of the reader.
    ...entries.filter(({ scope }) => scope !== null).map(({ path }) => [path, 'unauthorized'] as const),
    // Theirs need the session of a user.
    ...entries.filter(({ user }) => user !== null).map(({ path }) => [path, 'sign_in_required'] as const),
  ]);

  const isStream = (path: string) =>
    entries.some((entry) => entry.path === path && entry.type === 'subscription');
  const called = paths.filter((path) => !isStream(path));

  /** First events of the subscriptions that a visitor without a mail or a session cannot follow. */
  const firstEvents = new Map([
    ['email.watch', /event: serialized-error\n.*"not_found"/],
    ['session.watch', /event: serialized-error\n.*"sign_in_required"/],
  ]);

  testWith('curl').each(paths.filter(isStream))(
    '%s.md has a curl command that streams as printed',
    async (path) => {
      const command = printedCurl(await textOf(`/docs/procedures/${path}.md`));
      expect(command.startsWith('curl -N ')).toBe(true);
      const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -s -m 2 || true`]);
      expect(stdout).toContain('event: connected\ndata: ');
      expect(stdout).toMatch(firstEvents.get(path) ?? /^data: .*\nid: /m);
    },
  );

  describe.each(waysToRun)('by $program', ({ run, testBy }) => {
    testBy.each(called)('%s.md has a curl command that works as printed', async (path) => {
      const page = await textOf(`/docs/procedures/${path}.md`);
      expect(page.startsWith(`# ${path}\n`)).toBe(true);
      const { status, body } = await run(printedCurl(page));
      const reason = documentedFailures.get(path);
      if (reason) expect(readError(JSON.parse(body)).data.reason).toBe(reason);
      else expect(status, body).toBe(200);
    });
  });

  test.each(paths)('%s.md contains schemas and examples as JSON, errors and rate limits', async (path) => {
    const page = await textOf(`/docs/procedures/${path}.md`);
    const entry = entries.find((other) => other.path === path);
    if (!entry) throw new Error(`no procedure ${path}`);
    const { input, output, examples, errors } = entry;
    expect(jsonBlocks(page)).toEqual([
      ...(input ? [input.wire] : []),
      output.wire,
      ...examples.map(({ wire }): unknown => JSON.parse(JSON.stringify(wire))),
    ]);
    for (const { reason } of errors) expect(page).toContain(`- \`${reason}\` (`);
    expect(page).toMatch(/^- 1000000 calls in 60 seconds/m);
  });

  test.each(['nothing.md', 'fixture.body', 'constructor.md', 'fixture.body.md.md', '..%2F..%2Fpackage.json'])(
    '%s is not_found',
    async (file) => {
      await expectError(await get(`/docs/procedures/${file}`), { reason: 'not_found' });
    },
  );
});
