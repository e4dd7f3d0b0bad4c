import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { copyProduct, git } from './product-copy.ts';

const test = testWith('git');
const folder = copyProduct();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]): { status: number | null; output: string } {
  // The copy is a product of its own, without the condition of these tests.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  return { status, output: `${stdout}${stderr}` };
}
const init = (...args: string[]) => run('server/bin/run.mjs', 'init', ...args);
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const changes = () => git(folder, 'status', '--porcelain');

describe('npm run init changes nothing', () => {
  test.each([
    { title: 'without a name', args: [], says: 'npm run init -- NAME' },
    { title: 'for a name with capital letters', args: ['Acme'], says: '"Acme" is not a name' },
    { title: 'for an unknown example', args: ['acme', '--without=wether'], says: 'no example wether' },
    { title: 'for an unknown option', args: ['acme', '--with=echo'], says: 'npm run init -- NAME' },
    { title: 'for a title with markup', args: ['acme', '--title=<b>'], says: 'is not a title' },
  ])('$title', ({ args, says }) => {
    expect(init(...args)).toEqual({ status: 2, output: expect.stringContaining(says) });
    expect(changes()).toBe('');
  });

  test('with changes that are not committed', () => {
    appendFileSync(join(folder, 'README.md'), 'A change.\n');
    expect(init('acme')).toEqual({ status: 2, output: expect.stringContaining('not committed') });
    git(folder, 'restore', '.');
  });

  test('if a step fails', { timeout: 240_000 }, () => {
    // The contract cannot be written.
    appendFileSync(join(folder, 'server/trpc/router.ts'), "throw new Error('broken');\n");
    git(folder, 'commit', '--quiet', '--all', '--message', 'Break');
    try {
      expect(init('acme', '--without=all')).toEqual({ status: 2, output: expect.stringContaining('broken') });
      expect(changes()).toBe('');
    } finally {
      git(folder, 'reset', '--quiet', '--hard', 'HEAD~1');
    }
  });
});

describe('npm run init without any example', () => {
  let done: ReturnType<typeof init>;
  beforeAll(() => {
    done = init('order-desk', '--title=Orders', '--without=all');
    git(folder, 'add', '--all');
  }, 240_000);

  test('says what it did, and what is next', () => {
    expect(done).toMatchObject({ status: 0 });
    expect(done.output).toMatch(/^Orders \(order-desk\): changed \d+ files, deleted \d+\. Removed echo, /);
    expect(done.output).toContain('npm ci && npm test');
  });

  test('leaves no word of the old name, and nothing of itself', () => {
    const { stdout } = spawnSync('git', ['grep', '--cached', '-ilE', 'typed[-_. ]?bff'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(JSON.parse(read('package.json'))).toMatchObject({ name: 'order-desk' });
    expect(read('server/config/product-name.ts')).toContain("productTitle = 'Orders'");
    expect(init('again')).toMatchObject({ status: 2, output: expect.stringContaining('COMMAND') });
    for (const file of ['server/bin/init.ts', 'docs/init.md', 'tests/bin/init'])
      expect(existsSync(join(folder, file)), file).toBe(false);
  });

  test('leaves the folder of the articles, which the image copies', () => {
    expect(readdirSync(join(folder, 'content/posts'))).toEqual(['README.md']);
  });

  test('removes the packages of the examples also from the lock', () => {
    const manifest = JSON.parse(read('package.json'));
    const lock = JSON.parse(read('package-lock.json'));
    expect(lock.packages['']).toMatchObject({
      name: 'order-desk',
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    expect(lock.packages).not.toHaveProperty('node_modules/downshift');
    expect(lock.packages).toHaveProperty('node_modules/react-hook-form');
  });

  test('leaves types, lint and a list of files that all are used', { timeout: 300_000 }, () => {
    const biome = 'node_modules/@biomejs/biome/bin/biome';
    const lint = run(biome, 'check', '--error-on-warnings', '.');
    expect(lint.status, lint.output).toBe(0);
    expect(run('node_modules/knip/bin/knip.js', '--no-progress')).toEqual({ status: 0, output: '' });
    expect(run('node_modules/next/dist/bin/next', 'typegen')).toMatchObject({ status: 0 });
    // More checkers would repeat work, and other tests need the processor.
    const tsc = ['node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false', '--checkers', '1'];
    expect(run(...tsc)).toEqual({ status: 0, output: '' });
    expect(run(...tsc, '--project', 'tests')).toEqual({ status: 0, output: '' });
  });

  test('leaves tests that pass', { timeout: 300_000 }, () => {
    const folders = ['architecture', 'bin', 'catalog', 'config', 'deploy', 'upstream-client/declared'];
    const { status, output } = run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project=unit',
      ...folders.map((name) => `tests/${name}`),
    );
    expect(status, output).toBe(0);
  });

  test('leaves lists that npm run new adds to', { timeout: 60_000 }, () => {
    for (const args of [
      ['procedure', 'order-list'],
      ['upstream', 'order-store'],
      ['page', 'order-page'],
    ])
      expect(run('server/bin/run.mjs', 'new', ...args)).toMatchObject({ status: 0 });
    expect(read('server/custom/procedures.ts')).toContain('customProcedures = { orderList }');
    expect(read('server/custom/upstreams.ts')).toContain('proxiedUpstreams = { orderStore }');
    expect(read('server/custom/pages.ts')).toContain("path: '/order-page'");
  });
});
