import { beforeAll, describe, expect, test } from 'vitest';
import { errorReasons } from '#server/errors.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { expectError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

const get = (path: string, accept?: string, init: RequestInit = {}) =>
  fetch(`${product.baseUrl}${path}`, { ...init, headers: accept === undefined ? {} : { accept } });
const variesByAccept = (response: Response) =>
  (response.headers.get('vary') ?? '').toLowerCase().split(/,\s*/).includes('accept');

const pages = [
  { page: '/docs', markdown: '/docs/index.md' },
  { page: '/docs/calling', markdown: '/docs/calling.md' },
  { page: '/docs/fixture.reading', markdown: '/docs/procedures/fixture.reading.md' },
  { page: '/docs/proxy.items.item', markdown: '/docs/procedures/proxy.items.item.md' },
];

describe.each(pages)('$page', ({ page, markdown }) => {
  test.each([
    'text/markdown',
    'text/markdown, text/html;q=0.9',
    'text/html;q=0.5, text/markdown',
    'text/markdown;charset=utf-8, */*;q=0.1',
  ])('is Markdown for Accept: %s, identical to its Markdown file', async (accept) => {
    const response = await get(page, accept);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(variesByAccept(response)).toBe(true);
    const own = await get(markdown);
    expect(own.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await response.text()).toBe(await own.text());
    expect(response.headers.get('etag')).toBe(own.headers.get('etag'));
  });

  test.each([
    undefined,
    '*/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8',
    'text/html, text/markdown',
    'text/markdown;q=0, */*',
    'text/markdown;q=0.4, text/html;q=0.5',
    'application/json',
  ])('is HTML for Accept: %s', async (accept) => {
    const response = await get(page, accept);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(variesByAccept(response)).toBe(true);
    expect((await response.text()).includes(`type="text/markdown" href="${markdown}"`)).toBe(true);
  });

  test('supports conditional requests and HEAD as Markdown', async () => {
    const { headers } = await get(page, 'text/markdown');
    const conditional = await fetch(`${product.baseUrl}${page}`, {
      headers: { accept: 'text/markdown', 'if-none-match': headers.get('etag') ?? '' },
    });
    expect(conditional.status).toBe(304);
    expect(variesByAccept(conditional)).toBe(true);
    const head = await get(page, 'text/markdown', { method: 'HEAD' });
    expect(head.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await head.text()).toBe('');
  });
});

describe('an invalid request', () => {
  test.each([
    '/docs/nothing',
    '/docs/fixture',
    '/docs/constructor',
    '/docs/procedures',
    '/docs/fixture.reading/x',
  ])('%s is a 404 for any Accept', async (path) => {
    for (const accept of ['text/html', 'text/markdown']) {
      const response = await get(path, accept);
      expect(response.status, accept).toBe(404);
      expect(await response.text()).toContain('Page not found');
    }
  });

  test.each(['/docs/index.md', '/docs/calling.md'])('POST on %s is a 405', async (path) => {
    const response = await get(path, undefined, { method: 'POST', body: 'x' });
    await expectError(response, { reason: 'method_not_allowed', path });
  });
});

test('the index links to every procedure, as HTML and as Markdown', async () => {
  const [html, markdown] = await Promise.all([
    get('/docs').then((response) => response.text()),
    get('/docs', 'text/markdown').then((response) => response.text()),
  ]);
  for (const path of procedures.keys()) {
    expect(html).toContain(`href="/docs/${path}"`);
    expect(markdown).toContain(`${product.baseUrl}/docs/procedures/${path}.md`);
    const response = await get(`/docs/${path}`);
    expect(response.status, path).toBe(200);
    // A page that is not read takes one of the client's places.
    await response.arrayBuffer();
  }
});

test('the search on the index works without JavaScript', async () => {
  const html = await (await get('/docs?q=finds+names')).text();
  const results = [...html.matchAll(/<a\b[^>]*\bclass="docs-result"[^>]*>/g)].map(([link]) => link);
  expect(results).toEqual([expect.stringContaining('href="/docs/fixture.search"')]);
});

test('the guide lists every error reason', async () => {
  const guide = await (await get('/docs/calling.md')).text();
  for (const [reason, { httpStatus }] of Object.entries(errorReasons)) {
    expect(guide).toContain(`| \`${reason}\` | ${httpStatus} |`);
  }
});
