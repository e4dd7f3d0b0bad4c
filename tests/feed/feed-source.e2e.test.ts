import { createServer } from 'node:http';
import { parseRssFeed } from 'feedsmith';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { failureLine } from '#tests/support/log-lines.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';

const secret = 'text-of-the-source-77aa';

/** With undefined, the source never responds. */
type Fixed = { status?: number; body: string } | undefined;

type Source = { url: string; respondWith(fixed: Fixed): void; close(): void };

/** Starts a server on loopback that has the same response for every request. */
async function listen(): Promise<Source> {
  let current: Fixed;
  const server = createServer((_, response) => {
    if (!current) return;
    response.writeHead(current.status ?? 200, { 'content-type': 'application/json' });
    response.end(current.body);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}/feed`,
    respondWith(fixed) {
      current = fixed;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Starts a source for one test. */
async function startSource(fixed: Fixed): Promise<string> {
  const source = await listen();
  onTestFinished(source.close);
  source.respondWith(fixed);
  return source.url;
}

async function startWith(source: string): Promise<Product> {
  const product = await startProduct({ FEED_SOURCE_URL: source });
  onTestFinished(() => product.close());
  return product;
}

const guideFeed = {
  title: 'A feed',
  description: 'As in the guide',
  link: 'https://source.example/',
  copyright: '© A source',
  items: [
    {
      title: 'Older & <older>',
      description: 'Text \u0000 with a control character',
      link: 'https://source.example/1',
      publishDate: '2026-01-02T03:04:05Z',
      guid: 'one',
    },
    {
      title: 'Newer',
      description: 'Text',
      link: 'https://source.example/2',
      publishDate: '2026-02-02T03:04:05Z',
      guid: 'two',
    },
  ],
};

const jsonFeed = {
  version: 'https://jsonfeed.org/version/1.1',
  title: 'A JSON feed',
  home_page_url: 'https://source.example/',
  items: [
    {
      id: 'https://source.example/a',
      url: 'https://source.example/a',
      title: 'With content',
      content_html: '<p>]]&gt; & <a href="/more" onclick="x()">more</a><script>alert(1)</script></p>',
      date_published: '2026-03-01T00:00:00+02:00',
      tags: ['x'],
    },
    { id: 'b', url: '/b', content_text: 'A note without a title', date_published: '2026-02-01T00:00:00Z' },
  ],
};

describe('FEED_SOURCE_URL', () => {
  test("in the guide's format is served as a feed", async () => {
    const { baseUrl } = await startWith(await startSource({ body: JSON.stringify(guideFeed) }));
    const response = await fetch(`${baseUrl}/rss.xml`);
    expect(response.headers.get('last-modified')).toBe('Mon, 02 Feb 2026 03:04:05 GMT');
    expect(parseRssFeed(await response.text())).toMatchObject({
      title: 'A feed',
      description: 'As in the guide',
      link: 'https://source.example/',
      copyright: '© A source',
      items: [
        { title: 'Newer', guid: { value: 'two', isPermaLink: false } },
        { title: 'Older & <older>', link: 'https://source.example/1', guid: { value: 'one' } },
      ],
    });
  });

  test('in JSON Feed 1.1 is served as a feed', async () => {
    const source = await startSource({ body: JSON.stringify(jsonFeed) });
    const { baseUrl } = await startWith(source);
    expect(parseRssFeed(await (await fetch(`${baseUrl}/rss.xml`)).text())).toMatchObject({
      title: 'A JSON feed',
      items: [
        {
          title: 'With content',
          content: { encoded: '<p>]]&gt; &amp; <a href="https://source.example/more">more</a></p>' },
          categories: [{ name: 'x' }],
        },
        { title: 'A note without a title', link: new URL('/b', source).href },
      ],
    });
  });

  // A failure is not cached, so these tests share a product. Together they are too few to open its circuit.
  describe('that fails', () => {
    let source: Source;
    let product: Product;
    beforeAll(async () => {
      source = await listen();
      product = await startProduct({ FEED_SOURCE_URL: source.url });
    });
    afterAll(async () => {
      await product.close();
      source.close();
    });

    test.each([
      { title: 'responds with 500', fixed: { status: 500, body: secret }, reason: 'upstream_bad_answer' },
      { title: 'responds with 403', fixed: { status: 403, body: secret }, reason: 'upstream_refused' },
      { title: 'does not return JSON', fixed: { body: secret }, reason: 'upstream_bad_answer' },
      {
        title: 'returns JSON of another shape',
        fixed: { body: JSON.stringify({ secret }) },
        reason: 'upstream_bad_answer',
      },
      { title: 'never responds', fixed: undefined, reason: 'upstream_timeout' },
    ] as const)(
      'since it $title, is reported as $reason, without text of the source',
      async ({ fixed, reason }) => {
        source.respondWith(fixed);
        const response = await fetch(`${product.baseUrl}/rss.xml`);
        const { text, data } = await expectError(response, { reason, path: '/rss.xml' });
        expect(text).not.toContain(secret);
        expect(text).not.toContain(new URL(source.url).host);
        expect(await failureLine(product, data.requestId)).toMatchObject({ level: 'error', reason });
      },
    );

    test('since it hangs, does not delay the page of the feeds', async () => {
      source.respondWith(undefined);
      const html = await (await fetch(`${product.baseUrl}/feeds`)).text();
      expect(html).toContain('The feed is taking longer than usual.');
    });
  });

  test('that is not listening is reported as unreachable, and the posts are still served', async () => {
    const product = await startWith(`http://127.0.0.1:${await freePort()}/feed`);
    const response = await fetch(`${product.baseUrl}/rss.xml`);
    await expectError(response, { reason: 'upstream_unreachable', path: '/rss.xml' });
    expect((await fetch(`${product.baseUrl}/posts`)).status).toBe(200);
    await vi.waitFor(
      async () => {
        const page = await fetch(`${product.baseUrl}/feeds`);
        expect(page.status).toBe(200);
        expect(await page.text()).toContain('The feed is unavailable right now.');
      },
      { timeout: 15_000, interval: 100 },
    );
  });
});
