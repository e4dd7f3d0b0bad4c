import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pageRouteOf } from '#server/node-server/page-route.ts';

/** The routes of all pages: their folders without route groups. */
const routes = globSync('app/**/page.tsx').map(
  (file) =>
    `/${file
      .split('/')
      .slice(1, -1)
      .filter((folder) => !folder.startsWith('('))
      .join('/')}`,
);

describe('the route of a page', () => {
  test.each(routes)('%s', (route) => {
    expect(pageRouteOf(route.replace(/\[\w+\]/, 'any'))).toBe(route);
  });

  test.each(['/no', '/posts/a/b', '/docs/', '/constructor', '/__proto__/x'])('%s is none', (path) => {
    expect(pageRouteOf(path)).toBe('page');
  });
});
