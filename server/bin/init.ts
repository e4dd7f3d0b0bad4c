/**
 * `npm run init -- order-desk`: makes this clone a product of your own, once. It renames the product, removes examples, and
 * then itself. docs/init.md has the details.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { productName } from '../config/product-name.ts';
import { answersOf, usage } from './init/answers.ts';
import { oldName } from './init/names.ts';
import { type Answers, type Plan, planOf } from './init/plan.ts';
import { runCommand, UsageError } from './operator-command.ts';

/** @throws UsageError if the command fails */
function execute(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    // npm is a script on Windows.
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (status !== 0)
    throw new UsageError(
      `${command} ${args.slice(0, 2).join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`}`,
    );
  return stdout;
}

const git = (...args: string[]) => execute('git', args);

/** @throws UsageError if init cannot be undone, or was done before */
function requireFreshClone(): void {
  if (productName !== oldName)
    throw new UsageError(`This product is ${productName} already. Init is done once.`);
  if (!existsSync('.git'))
    throw new UsageError(
      'Init needs a Git repository, so that it can be undone: git init && git add -A && git commit',
    );
  if (git('status', '--porcelain').trim() !== '')
    throw new UsageError('There are changes that are not committed. Commit or stash them first.');
}

/** Returns the text of a file, or undefined for a picture and the like. */
function readText(file: string): string | undefined {
  const bytes = readFileSync(file);
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
}

function write(plan: Plan): void {
  for (const [file, text] of plan) {
    if (text === undefined) {
      removeWithEmptyFolders(file);
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

function removeWithEmptyFolders(file: string): void {
  rmSync(file);
  for (let folder = dirname(file); readdirSync(folder).length === 0; folder = dirname(folder))
    rmdirSync(folder);
}

function finish(plan: Plan, { without }: Answers): void {
  const changed = [...plan].flatMap(([file, text]) => (text === undefined ? [] : [file]));
  const code = changed.filter(
    (file) => /\.(?:[cm]?[jt]sx?|css|json)$/.test(file) && !file.endsWith('package-lock.json'),
  );
  const biome = 'node_modules/@biomejs/biome/bin/biome';
  const imports = ['--write', '--unsafe', '--only=correctness/noUnusedImports'];
  execute(process.execPath, [biome, 'lint', ...imports, '--log-level=error', ...code]);
  execute(process.execPath, [biome, 'check', '--write', '--log-level=error', ...code]);
  if (without.some(({ packages }) => packages))
    execute('npm', [
      'install',
      '--package-lock-only',
      '--offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ]);
  // Without a snapshot, nothing that was removed breaks callers.
  rmSync('docs/contract.json');
  execute(process.execPath, ['--disable-warning=ExperimentalWarning', 'server/bin/contract.ts', '--update']);
}

async function init(args: string[]): Promise<string> {
  requireFreshClone();
  const answers = await answersOf(args);
  const files = git('ls-files', '-z')
    .split('\0')
    .filter((file) => file !== '');
  const plan = planOf(answers, files, readText);
  try {
    write(plan);
    finish(plan, answers);
  } catch (error) {
    // The tree was clean.
    git('restore', '.');
    git('clean', '--force', '-d', '--quiet');
    throw error;
  }
  return describe(plan, answers);
}

function describe(plan: Plan, { name, title, without }: Answers): string {
  const deleted = [...plan.values()].filter((text) => text === undefined).length;
  const removed = without.map((example) => example.name).join(', ') || 'no example';
  const install = without.some(({ packages }) => packages) ? 'npm ci && ' : '';
  return `${title} (${name}): changed ${plan.size - deleted} files, deleted ${deleted}. Removed ${removed}, and npm run init.

Next:
  git diff --stat                look at the changes; git restore . undoes them
  git add -A && git commit       keep them
  ${install}npm test             check, build and test
  npm run dev                    see the start page, app/page.tsx
  npm run new -- page orders     add a page; docs/building.md has what follows`;
}

await runCommand(usage, init);
