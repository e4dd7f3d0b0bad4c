import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { findRoute } from '#server/routes/route-table.ts';

/** What only Next can answer: it draws pictures, or sends a form's visitor back to a page. */
const leftToNext = ['contact/send', 'weather/choose', 'opengraph-image', 'posts/[slug]/opengraph-image'];

const files = await Array.fromAsync(glob('app/**/route.ts'));
const routes = files.map((file) => ({
  file,
  path: file
    .replace(/^app\//, '')
    .replace(/\/?route\.ts$/, '')
    .replace(/\([^)]*\)\//g, ''),
}));

/** A path that the route's pattern takes. */
const example = (path: string) =>
  `/${path.replace(/\/?\[\[\.\.\.\w+\]\]/, '').replace(/\[[^\]]+\]/g, 'some')}`;

describe('the front server answers by the function that the route handler mounts', () => {
  test('every route handler is looked at', () => {
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.map(({ path }) => path)).toEqual(expect.arrayContaining(leftToNext));
  });

  test.each(routes)('$file', ({ file, path }) => {
    const handler = findRoute(example(path));
    if (leftToNext.includes(path)) {
      expect(handler).toBeUndefined();
      return;
    }
    const mounted = `{ DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(${handler?.name || nameless(path)});`;
    expect(readFileSync(file, 'utf8')).toContain(mounted);
  });
});

/** Handlers that a function made have no name of their own. */
function nameless(path: string): string {
  const names: Record<string, string> = {
    'robots.txt': 'handleRobots',
    'manifest.webmanifest': 'handleManifest',
    '.well-known/security.txt': 'handleSecurityText',
    '.well-known/api-catalog': 'handleApiCatalog',
  };
  return names[path] ?? 'no handler';
}
