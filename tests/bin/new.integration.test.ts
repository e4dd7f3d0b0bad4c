import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { nameOf } from '#server/bin/new/names.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('git');
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-new-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
const add = (...args: string[]) => run('--disable-warning=ExperimentalWarning', 'server/bin/new.ts', ...args);
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

beforeAll(() => {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const file of listed.stdout.split('\0').filter((name) => name !== ''))
    cpSync(file, join(folder, file), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
});

describe('npm run new', () => {
  test('adds each kind, after which types, lint and the tests of what it wrote pass', {
    timeout: 240_000,
  }, () => {
    for (const args of [
      ['procedure', 'order-list'],
      ['subscription', 'order-state'],
      ['upstream', 'order-store'],
      ['page', 'order-page'],
      ['job', 'order-export'],
      ['webhook', 'order-paid'],
      // A reserved word in SQL.
      ['migration', 'order'],
      ['migration', 'order-item'],
    ]) {
      expect(add(...args)).toMatchObject({ status: 0 });
    }
    const biome = 'node_modules/@biomejs/biome/bin/biome';
    expect(run(biome, 'check', '--error-on-warnings', 'app', 'server', 'tests')).toMatchObject({ status: 0 });
    expect(run('node_modules/next/dist/bin/next', 'typegen')).toMatchObject({ status: 0 });
    const types = run('node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false');
    expect(types).toEqual({ status: 0, output: '' });
    const tests = run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project=unit',
      'order-list',
      'order-state',
      'order-store',
      'tests/architecture/documentation',
      'tests/catalog/contract',
      'tests/upstream-client/declared',
    );
    expect(tests).toMatchObject({ status: 0 });
    const inJobs = run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project=integration',
      'order-export',
      'order-paid',
    );
    expect(inJobs).toMatchObject({ status: 0 });
    for (const name of ['order-export', 'order-paid']) expect(inJobs.output).toContain(`/${name}.`);
    for (const name of ['order-list', 'order-state', 'order-store'])
      expect(tests.output).toContain(`/${name}.`);
    expect(read('server/custom/tables.ts')).toContain(
      'CustomTables = { order: OrderRow; order_item: OrderItemRow }',
    );
    expect(read('server/custom/migrations.ts')).toMatch(/'001-order': [\s\S]*'002-order-item': /);
  });

  test('changes nothing if a file exists, and says which', () => {
    const before = read('server/trpc/router.ts');
    expect(add('procedure', 'weather')).toEqual({
      status: 2,
      output: 'server/trpc/procedures/weather.ts exists already.\n',
    });
    expect(read('server/trpc/router.ts')).toBe(before);
  });

  test.each(['class', 'router'])('changes nothing for the name %s, which cannot be a variable', (name) => {
    const before = [read('server/trpc/router.ts'), read('docs/routes.md'), read('docs/contract.json')];
    expect(add('procedure', name)).toMatchObject({ status: 2 });
    expect(existsSync(join(folder, `server/trpc/procedures/${name}.ts`))).toBe(false);
    expect([read('server/trpc/router.ts'), read('docs/routes.md'), read('docs/contract.json')]).toEqual(
      before,
    );
  });

  test.each([[[]], [['procedure']], [['prozedur', 'orders']], [['procedure', 'orders', 'more']]])(
    'shows its usage for %j',
    (args) => {
      const { status, output } = add(...args);
      expect([status, output]).toEqual([2, expect.stringContaining('npm run new -- KIND NAME')]);
    },
  );
});

test('a name has the form that each place needs', () => {
  expect(nameOf('order-list2')).toEqual({
    kebab: 'order-list2',
    camel: 'orderList2',
    pascal: 'OrderList2',
    snake: 'order_list2',
    words: 'Order list2',
  });
  for (const bad of ['', 'Orders', 'order_list', '-a', 'a-', 'a--b', '1a', '../a', 'a'.repeat(41)])
    expect(() => nameOf(bad)).toThrow('is not a name');
});
