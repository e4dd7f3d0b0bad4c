import { globSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pages } from '#server/site/pages.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { readStrictly } from '#tests/feed/support.ts';
import { expectError } from '#tests/support/call.ts';
import { posts } from '#tests/support/pages.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Differs from the address that the product listens on: the build must not contain the site's URL. */
const site = 'https://bff.example';

let product: Product;
beforeAll(async () => {
  product = await startProduct({
    SITE_URL: site,
    SECURITY_CONTACT: 'mailto:security@bff.example',
    DEMO: '',
  });
});
afterAll(() => product.close());

const get = (path: string, init: RequestInit = {}) => fetch(`${product.baseUrl}${path}`, init);
const textOf = async (path: string) => (await get(path)).text();

describe.each([
  ['/robots.txt', 'text/plain; charset=utf-8'],
  ['/manifest.webmanifest', 'application/manifest+json; charset=utf-8'],
  ['/.well-known/security.txt', 'text/plain; charset=utf-8'],
  ['/.well-known/api-catalog', 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'],
  ['/opengraph-image', 'image/png'],
  ...posts.slice(0, 1).map((slug): [string, string] => [`/posts/${slug}/opengraph-image`, 'image/png']),
])('%s', (path, contentType) => {
  test('has content type, caching headers and an ETag that it revalidates', async () => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(contentType);
    expect(headers.get('cache-control')).toBe('public, max-age=3600');
    expect(headers.get('x-request-id')).toBeTruthy();
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{20,}"$/);
    const revalidated = await get(path, { headers: { 'if-none-match': etag } });
    expect(revalidated.status).toBe(304);
    expect(revalidated.headers.get('etag')).toBe(etag);
  });

  test('HEAD has no body, and POST is rejected', async () => {
    const head = await get(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe(contentType);
    await expectError(await get(path, { method: 'POST' }), { reason: 'method_not_allowed', path });
  });
});

describe('/sitemap.xml', () => {
  test('lists every page, procedure and post under the public URL, and all of them exist', async () => {
    const locations = readStrictly(await textOf('/sitemap.xml')).get('urlset/url/loc') ?? [];
    expect(locations).toEqual([
      ...pages.map((path) => `${site}${path}`),
      ...[...procedures.keys()].map((path) => `${site}/docs/${path}`),
      ...posts.map((slug) => `${site}/posts/${slug}`).sort(),
    ]);
    for (const location of locations) {
      const path = location.slice(site.length);
      const response = await get(path);
      expect(response.status, path).toBe(200);
      // A page that is not read takes one of the client's places.
      await response.arrayBuffer();
    }
  });

  test('includes every page of the product', () => {
    const files = globSync('app/**/page.tsx').map((file) => file.replaceAll('\\', '/'));
    const paths = files.map(
      (file) =>
        file
          .replace(/^app/, '')
          .replace(/\/\(\w+\)/, '')
          .replace(/\/page\.tsx$/, '') || '/',
    );
    // The notes are an example, whose page is for users.
    const closed = ['/inbox', '/account', '/sign-in', '/notes', '/design'];
    const open = paths.filter((path) => !path.includes('[') && !closed.includes(path));
    expect([...pages].sort()).toEqual(open.sort());
  });
});

test.each(['/design', '/inbox'])('%s does not exist in production without DEMO', async (path) => {
  const response = await get(path);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('Page not found');
});

test('/robots.txt links the sitemap and excludes the API', async () => {
  const lines = (await textOf('/robots.txt')).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining(['User-agent: *', 'Disallow: /api/', `Sitemap: ${site}/sitemap.xml`]),
  );
});

test('/.well-known/security.txt has the fields of RFC 9116 and expires in less than a year', async () => {
  const fields = new Map(
    (await textOf('/.well-known/security.txt'))
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [name = '', value = ''] = line.split(/: (.*)/);
        return [name, value] as const;
      }),
  );
  expect(fields.get('Contact')).toBe('mailto:security@bff.example');
  expect(fields.get('Canonical')).toBe(`${site}/.well-known/security.txt`);
  const expires = fields.get('Expires') ?? '';
  expect(expires).toMatch(/^\d{4}-\d{2}-01T00:00:00Z$/);
  const days = (Date.parse(expires) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(120);
  expect(days).toBeLessThan(365);
});

test('/.well-known/api-catalog links the API to its descriptions, and HEAD links to the catalog', async () => {
  const links = z.array(z.object({ href: z.string(), type: z.string().optional() }));
  const catalog = z.object({
    linkset: z.array(
      z.looseObject({
        anchor: z.string(),
        'service-desc': links.optional(),
        'service-doc': links.optional(),
      }),
    ),
  });
  const response = await get('/.well-known/api-catalog', { method: 'HEAD' });
  expect(response.headers.get('link')).toBe(`<${site}/.well-known/api-catalog>; rel="api-catalog"`);
  const { linkset } = catalog.parse(JSON.parse(await textOf('/.well-known/api-catalog')));
  const api = linkset.find(({ anchor }) => anchor === `${site}/api/trpc`);
  expect(api?.['service-desc']?.map(({ href }) => href)).toEqual([`${site}/openapi.json`]);
  expect(api?.['service-doc']?.map(({ href }) => href)).toEqual([`${site}/docs`, `${site}/llms.txt`]);
});

/** Returns width and height from the header of a PNG. */
async function sizeOf(path: string): Promise<[number, number]> {
  const response = await get(path);
  expect(response.headers.get('content-type'), path).toBe('image/png');
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(bytes.subarray(1, 4).toString(), path).toBe('PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

test('/manifest.webmanifest lists icons that exist and have the declared sizes', async () => {
  const manifest = z.object({ icons: z.array(z.object({ src: z.string(), sizes: z.string() })) });
  const { icons } = manifest.parse(JSON.parse(await textOf('/manifest.webmanifest')));
  expect(icons.map(({ sizes }) => sizes)).toEqual(['192x192', '512x512', '512x512']);
  for (const { src, sizes } of icons) expect((await sizeOf(src)).join('x')).toBe(sizes);
  expect(await sizeOf('/apple-icon.png')).toEqual([180, 180]);
  expect((await get('/favicon.ico')).headers.get('content-type')).toBe('image/x-icon');
});

test('the Open Graph images have the declared size, and each post has its own', async () => {
  const paths = ['/opengraph-image', ...posts.map((slug) => `/posts/${slug}/opengraph-image`)];
  for (const path of paths) expect(await sizeOf(path), path).toEqual([1200, 630]);
  const tags = await Promise.all(paths.map(async (path) => (await get(path)).headers.get('etag')));
  expect(new Set(tags).size).toBe(paths.length);
});

/** Returns the attributes of each link and meta element in the head of a page. */
function headOf(html: string): Record<string, string>[] {
  const head = html.slice(0, html.indexOf('</head>'));
  return [...head.matchAll(/<(?:link|meta)\b([^>]*)>/g)].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    ),
  );
}

describe.each([
  ...pages,
  '/docs/fixture.reading' as const,
  ...posts.map((slug) => `/posts/${slug}` as const),
])('the head of %s', (path) => {
  test('has the public URL, the image and the feeds of the current settings', async () => {
    const html = await textOf(path);
    const elements = headOf(html);
    const meta = (name: string) =>
      elements.find((element) => element.property === name || element.name === name)?.content;
    const canonical = elements.filter(({ rel }) => rel === 'canonical').map(({ href = '' }) => href);
    expect(canonical).toEqual([`${site}${path}`]);
    expect(new URL(meta('og:url') ?? '').href).toBe(`${site}${path}`);
    const image = path.startsWith('/posts/') ? `${path}/opengraph-image` : '/opengraph-image';
    expect(meta('og:image')).toBe(`${site}${image}`);
    expect(meta('twitter:image')).toBe(`${site}${image}`);
    expect(meta('twitter:card')).toBe('summary_large_image');
    expect(meta('og:title')).toBe(meta('twitter:title'));
    expect(meta('description')).toBe(meta('og:description'));
    expect(meta('og:type')).toBe(path.startsWith('/posts/') ? 'article' : 'website');
    const alternates = elements.filter(({ rel }) => rel === 'alternate');
    expect(
      alternates.filter(({ type }) => type !== 'text/markdown').map(({ type, href }) => [type, href]),
    ).toEqual([
      ['application/rss+xml', '/rss.xml'],
      ['application/atom+xml', '/atom.xml'],
      ['application/feed+json', '/feed.json'],
    ]);
    expect(html).not.toContain('http://localhost:3000');
  });
});
