import { describe, expect, test } from 'vitest';
import { withBff } from '#server/next/with-bff.ts';
import { isNextPath } from '#server/node-server/is-next-path.ts';

const list = ['/api/hello', '/api/users/'];

test.each([
  ['/api/hello', true],
  ['/api/users/1/name', true],
  ['/api/users', false],
  ['/api/hello/1', false],
  ['/api/other', false],
])('%s is a path of the team: %s', (path, expected) => {
  expect(isNextPath(path, list)).toBe(expected);
});

test('without a list, all paths are those of the product', () => {
  expect(isNextPath('/api/hello')).toBe(false);
});

describe('withBff', () => {
  test('keeps the settings of the application, and gives its pages a policy that allows scripts', async () => {
    const own = { source: '/own', headers: [{ key: 'x-own', value: '1' }] };
    const config = withBff({
      reactStrictMode: true,
      serverExternalPackages: ['own'],
      headers: async () => [own],
    });
    expect(config).toMatchObject({ reactStrictMode: true });
    expect(config.serverExternalPackages).toEqual(expect.arrayContaining(['own', 'pg']));
    const [all, ...rest] = (await config.headers?.()) ?? [];
    expect(all?.source).toBe('/:path*');
    expect(all?.headers[0]?.value).not.toContain('script-src');
    expect(all?.headers[0]?.value).not.toContain('default-src');
    expect(rest).toEqual([own]);
  });
});
