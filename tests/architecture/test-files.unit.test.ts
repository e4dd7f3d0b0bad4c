import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reachedFrom, readImports } from '#tests/support/import-graph.ts';

const files = globSync('tests/**/*.test.ts', { exclude: ['**/node_modules/**', '**/.output/**'] });
const graph = readImports('tests/*.ts', 'tests/!(openapi)/**/*.ts');

/** Support that starts the built product. */
const product = ['tests/support/product.ts', 'tests/support/start-command.ts', 'tests/support/chromium.ts'];
/** Support that starts other programs. */
const programs = ['tests/support/postgres.ts', 'tests/support/redis.ts', 'tests/support/haproxy.ts'];

/** Returns which of these files a test file loads, directly or not. */
function loaded(file: string, support: readonly string[]): string[] {
  const reached = reachedFrom(file, graph);
  return support.filter((each) => reached.has(each));
}

const withSuffix = (suffix: string) => files.filter((file) => file.endsWith(`.${suffix}.test.ts`));

test('every test file has a suffix that decides its project', () => {
  const known = /\.(?:unit|integration|(?:any-server\.)?e2e)\.test\.ts$/;
  expect(files.filter((file) => !known.test(file))).toEqual([]);
});

describe('the suffix', () => {
  test('unit is for tests that need no other program and no build', () => {
    const starting = withSuffix('unit').map((file) => [file, loaded(file, [...product, ...programs])]);
    expect(starting.filter(([, support]) => support?.length)).toEqual([]);
  });

  test('unit is for tests that mock no module, because they share their modules with other files', () => {
    const mocking = withSuffix('unit').filter((file) =>
      /\bvi\.(?:mock|doMock)\(/.test(readFileSync(file, 'utf8')),
    );
    expect(mocking).toEqual([]);
  });

  test('e2e is for tests of the running product', () => {
    expect(withSuffix('e2e').filter((file) => loaded(file, product).length === 0)).toEqual([]);
  });

  test('any-server is for tests that share products, because they also run behind next start', () => {
    const own = withSuffix('any-server.e2e').filter(
      (file) => !loaded(file, product).includes(product[0] ?? ''),
    );
    expect(own).toEqual([]);
  });
});

test('every test lies in the folder of a room of server/, client/ or app/, or of a subject that has no room', () => {
  const rooms = globSync('server/*/', { withFileTypes: true }).map(({ name }) => name);
  const subjects = [
    'architecture',
    'bench',
    'browser',
    'client',
    'deploy',
    'examples',
    'product',
    'soak',
    'supply-chain',
  ];
  const folders = new Set(files.map((file) => file.split(/[/\\]/)[1] ?? ''));
  expect([...folders].filter((folder) => !rooms.includes(folder) && !subjects.includes(folder))).toEqual([]);
});
