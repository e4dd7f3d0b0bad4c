import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rawOperations } from '#server/catalog/openapi/raw-operations.ts';
import { customFormRoutes } from '#server/custom/pages.ts';
import { exactRoutes, findRoute } from '#server/routes/route-table.ts';
import { config } from '../../proxy.ts';

/** Routes that only Next can serve: they redirect a form to a page, or render an image. */
const formRoutes = [
  '/contact/send',
  '/account/end-session',
  '/account/end-others',
  '/account/unlink',
  '/inbox/delete',
  ...customFormRoutes,
];
const imageRoutes = [
  '/opengraph-image',
  ...(existsSync('app/posts') ? ['/posts/[slug]/opengraph-image'] : []),
];
const nextRoutes = [...formRoutes, ...imageRoutes];

/** The raw routes that OpenAPI does not list, with the reason. */
const undocumented: Readonly<Record<string, string>> = {
  '/api/[[...path]]': 'rejects every other path under /api',
  '/api/files/[...path]': 'the files of buckets, whose URLs file.upload and file.list return',
  '/api/inbox': 'for tests, in development and demo mode alone, see docs/testing.md',
  '/api/raw/[...path]': 'OpenAPI lists each declared raw endpoint instead',
  '/api/revalidate': 'a webhook for the operator, see docs/feeds.md',
  '/api/trpc/[trpc]': 'OpenAPI lists each procedure instead',
  '/api/webhooks/[name]': 'the systems that send webhooks call it, see docs/webhooks.md',
  '/auth/sign-in': 'a page of the way to the provider, see docs/sign-in.md',
  '/auth/callback': 'the provider leads to it, see docs/sign-in.md',
  '/auth/sign-out': 'the action of a form of a page',
  '/auth/email': 'the link of a mail and the action of a form, see docs/sign-in.md',
  '/auth/email/confirm': 'the action of a form of a page',
  '/auth/link': 'the action of a form of a page',
  '/auth/backchannel-logout': 'the provider calls it, see docs/sign-in.md',
  '/mcp': 'speaks MCP, see docs/mcp.md',
  '/metrics': 'for the operator, see docs/observability.md',
  '/llms.txt':
    'the entry point for language models at a well-known path, and the index of the other documents',
  '/docs/index.md': 'the Markdown of a page; the page is listed',
  '/docs/calling.md': 'the Markdown of a page; the page is listed',
  '/docs/procedures/[file]': 'the Markdown of a page; llms.txt lists each of them',
  '/robots.txt': 'a well-known path (RFC 9309)',
  '/manifest.webmanifest': 'every page links it',
  '/.well-known/security.txt': 'a well-known path (RFC 9116)',
  '/.well-known/oauth-protected-resource': 'a well-known path (RFC 9728)',
  '/.well-known/oauth-protected-resource/mcp': 'a well-known path (RFC 9728)',
  '/.well-known/api-catalog': 'a well-known path (RFC 9727)',
  '/contact/send': 'the action of a form of a page',
  '/account/end-session': 'the action of a form of a page',
  '/account/end-others': 'the action of a form of a page',
  '/account/unlink': 'the action of a form of a page',
  '/inbox/delete': 'the action of a form of a page',
  ...Object.fromEntries(customFormRoutes.map((path) => [path, 'the action of a form of a page'])),
  '/opengraph-image': 'every page links its preview image',
  '/posts/[slug]/opengraph-image': 'every post links its preview image',
};

/** Handlers that another function creates have no name at run time. */
const unnamedHandlers: Readonly<Record<string, string>> = {
  '/robots.txt': 'handleRobots',
  '/manifest.webmanifest': 'handleManifest',
  '/.well-known/security.txt': 'handleSecurityText',
  '/.well-known/api-catalog': 'handleApiCatalog',
};

/** The URL pattern of a file of app/: route groups in parentheses are not part of it. */
const patternOf = (file: string) =>
  `/${file
    .replace(/^app\//, '')
    .replace(/\/?[^/]+$/, '')
    .replace(/\([^)]*\)\/?/g, '')}`;

/** A path that matches the pattern. */
const example = (pattern: string) =>
  pattern.replace(/\/?\[\[\.\.\.\w+\]\]/, '').replace(/\[[^\]]+\]/g, 'some');

// Not a glob: that would skip app/.well-known.
const find = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll('\\', '/'));

const appFiles = find('app');
const routes = appFiles
  .filter((file) => file.endsWith('/route.ts'))
  .map((file) => ({ file, pattern: patternOf(file) }));
const pages = appFiles.filter((file) => file.endsWith('/page.tsx')).map(patternOf);
const files = [
  ...find('public').map((file) => file.replace(/^public/, '')),
  ...appFiles.filter((file) => /\.(?:ico|png|svg)$/.test(file)).map((file) => file.replace(/^app/, '')),
];

describe('the node server and the route modules of app/ use the same handlers', () => {
  test('every route module is checked', () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.map(({ pattern }) => pattern)).toEqual(expect.arrayContaining(nextRoutes));
  });

  test.each(routes)('$file', ({ file, pattern }) => {
    const handler = findRoute(example(pattern));
    if (nextRoutes.includes(pattern)) {
      expect(handler).toBeUndefined();
      return;
    }
    const name = handler?.name || unnamedHandlers[pattern];
    const mounted = `{ DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(${name});`;
    expect(readFileSync(file, 'utf8')).toContain(mounted);
  });

  test('every path of the route table has a route module', () => {
    const patterns = routes.map(({ pattern }) => pattern);
    expect([...exactRoutes.keys()].filter((path) => !patterns.includes(path))).toEqual([]);
  });
});

describe('the matcher of proxy.ts', () => {
  // Next compiles a matcher without parameters to this expression, plus suffixes of its own such as `.rsc`.
  const matcher = new RegExp(`^${config.matcher}$`);

  test('is one negative look-ahead', () => {
    expect(config.matcher).toMatch(/^\/\(\(\?!.+\)\.\*\)$/);
  });

  test.each([...exactRoutes.keys()])('does not match the route %s', (path) => {
    expect(path).not.toMatch(matcher);
  });

  test.each(routes.filter(({ pattern }) => !formRoutes.includes(pattern)))(
    'does not match the route module $file',
    ({ pattern }) => {
      expect(example(pattern)).not.toMatch(matcher);
    },
  );

  test.each(files)('does not match the file %s', (path) => {
    expect(path).not.toMatch(matcher);
  });

  test.each(pages)('matches the page %s', (pattern) => {
    expect(example(pattern)).toMatch(matcher);
  });

  // They export POST only: Next rejects other methods with an empty 405, which has no security headers of its own.
  test.each(formRoutes)('matches the form route %s', (path) => {
    expect(path).toMatch(matcher);
  });
});

describe('raw routes in the catalog', () => {
  const documented = rawOperations().map(({ path }) => path);
  const patterns = routes.map(({ pattern }) => pattern);

  test('every raw route is documented in OpenAPI or listed as undocumented with a reason', () => {
    expect(patterns.filter((path) => !documented.includes(path) && !(path in undocumented))).toEqual([]);
  });

  test('no documented route is listed as undocumented', () => {
    expect(documented.filter((path) => path in undocumented)).toEqual([]);
  });

  test('every undocumented route exists', () => {
    expect(Object.keys(undocumented).filter((path) => !patterns.includes(path))).toEqual([]);
  });

  test('every documented route has a handler', () => {
    expect(documented.filter((path) => !findRoute(example(path)))).toEqual([]);
  });
});
