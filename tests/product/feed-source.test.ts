import { createServer } from 'node:http';
import { parseRssFeed } from 'feedsmith';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal } from './call.ts';
import { failureLine } from './log-lines.ts';

const secret = 'the-sources-own-words-77aa';

/** A server on loopback that answers everything alike; undefined never answers. */
async function startSource(answer: { status?: number; body: string } | undefined): Promise<string> {
  const server = createServer((_, response) => {
    if (!answer) return;
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${port}/feed`;
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
  test("in the guide's shape becomes a feed", async () => {
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

  test('as JSON Feed 1.1 becomes a feed', async () => {
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

  test.each([
    { title: 'answers 500', answer: { status: 500, body: secret }, reason: 'upstream_bad_answer' },
    { title: 'answers 403', answer: { status: 403, body: secret }, reason: 'upstream_refused' },
    { title: 'gives no JSON', answer: { body: secret }, reason: 'upstream_bad_answer' },
    {
      title: 'gives another shape',
      answer: { body: JSON.stringify({ secret }) },
      reason: 'upstream_bad_answer',
    },
    { title: 'never answers', answer: undefined, reason: 'upstream_timeout' },
  ] as const)('that $title is a $reason, without its words', async ({ answer, reason }) => {
    const source = await startSource(answer);
    const product = await startWith(source);
    const response = await fetch(`${product.baseUrl}/rss.xml`);
    const { text, data } = await expectRefusal(response, { reason, path: '/rss.xml' });
    expect(text).not.toContain(secret);
    expect(text).not.toContain(new URL(source).host);
    expect(await failureLine(product, data.requestId)).toMatchObject({ level: 'error', reason });
  });

  test('that nothing listens for is unreachable, and the posts are still there', async () => {
    const product = await startWith(`http://127.0.0.1:${await freePort()}/feed`);
    const response = await fetch(`${product.baseUrl}/rss.xml`);
    await expectRefusal(response, { reason: 'upstream_unreachable', path: '/rss.xml' });
    expect((await fetch(`${product.baseUrl}/posts`)).status).toBe(200);
    const page = await fetch(`${product.baseUrl}/feeds`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('A service this answer depends on cannot be reached.');
  });
});
