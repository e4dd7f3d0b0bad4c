import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { nameOf } from '#server/bin/new/names.ts';
import { testWith } from '#tests/support/skip.ts';
import { follow, recipes } from './recipe.ts';

const test = testWith('git');
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-new-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    // Without the fixtures, which do not belong to the contract.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
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

/** More checkers would repeat work, and other tests need the processor. */
const typesArguments = ['--noEmit', '--incremental', 'false', '--checkers', '1'];

/** The tests of the recipes and of `npm run new` that need neither the build nor a process of their own. */
const unitTests = [
  ...['order-list', 'order-state', 'order-store', 'shipping', 'guestbook', 'holidays', 'humans'],
  ...['tests/architecture/documentation', 'tests/architecture/route-table', 'tests/catalog/contract'],
  ...['tests/upstream-client/declared'],
];

describe('npm run new', () => {
  test('the recipes can be followed', { timeout: 120_000 }, () => {
    for (const page of recipes()) {
      follow(page, folder, (command) => {
        const [, , script = '', , ...args] = command.split(' ');
        expect(run('server/bin/run.mjs', script, ...args)).toMatchObject({ status: 0 });
      });
    }
  });

  test('adds each kind', { timeout: 120_000 }, () => {
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
    // A procedure can be changed freely until the snapshot has it.
    expect(read('docs/contract.json')).not.toContain('orderList');
    expect(run('server/bin/contract.ts', '--update')).toMatchObject({ status: 0 });
    expect(read('server/custom/tables.ts')).toContain('order: OrderRow; order_item: OrderItemRow }');
    expect(read('server/custom/migrations.ts')).toMatch(/'002-order': [\s\S]*'003-order-item': /);
  });

  test('types, lint and the tests of both pass', { timeout: 480_000 }, () => {
    const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'];
    const checked = ['app', 'client', 'server', 'tests', 'proxy.ts'];
    // The recipes leave long lines to `npm run format`.
    expect(run(...biome, '--write', 'client/public-queries.ts', 'server/custom')).toMatchObject({
      status: 0,
    });
    const lint = run(...biome, ...checked);
    expect(lint.status, lint.output).toBe(0);
    expect(run('node_modules/next/dist/bin/next', 'typegen')).toMatchObject({ status: 0 });
    const types = (...project: string[]) =>
      run('node_modules/typescript/bin/tsc', ...typesArguments, ...project);
    expect(types()).toEqual({ status: 0, output: '' });
    expect(types('--project', 'tests')).toEqual({ status: 0, output: '' });
    const unit = run('node_modules/vitest/vitest.mjs', 'run', '--project=unit', ...unitTests);
    expect(unit.status, unit.output).toBe(0);
    for (const name of ['order-list', 'order-state', 'order-store', 'shipping', 'guestbook-csv'])
      expect(unit.output).toContain(`/${name}.`);
    const integration = run(
      'node_modules/vitest/vitest.mjs',
      ...['run', '--project=integration', 'tests/custom', 'tests/guestbook'],
    );
    expect(integration.status, integration.output).toBe(0);
    for (const name of ['order-export', 'order-paid']) expect(integration.output).toContain(`/${name}.`);
  });

  test('changes nothing if a file exists, and says which', () => {
    const before = read('server/custom/procedures.ts');
    expect(add('procedure', 'session')).toEqual({
      status: 2,
      output: 'server/trpc/procedures/session.ts exists already.\n',
    });
    expect(read('server/custom/procedures.ts')).toBe(before);
  });

  test.each(['class', 'router'])('changes nothing for the name %s, which cannot be a variable', (name) => {
    const before = [read('server/custom/procedures.ts'), read('docs/routes.md'), read('docs/contract.json')];
    expect(add('procedure', name)).toMatchObject({ status: 2 });
    expect(existsSync(join(folder, `server/trpc/procedures/${name}.ts`))).toBe(false);
    expect([read('server/custom/procedures.ts'), read('docs/routes.md'), read('docs/contract.json')]).toEqual(
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
