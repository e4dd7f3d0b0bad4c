import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('git');
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-upgrading-'));
const [product, team] = [join(folder, 'product'), join(folder, 'team')];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const identity = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' };
const committer = { GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' };
const noSettings = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };

function shell(cwd: string, command: string): { status: number | null; output: string } {
  const env = { ...process.env, ...identity, ...committer, ...noSettings };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

function commit(repository: string, subject: string): void {
  expect(shell(repository, `git add -A && git commit -qm '${subject}'`)).toEqual({ status: 0, output: '' });
}

function write(repository: string, files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, file)), { recursive: true });
    writeFileSync(join(repository, file), text);
  }
}

const read = (repository: string, file: string) => readFileSync(join(repository, file), 'utf8');

function replace(repository: string, file: string, before: string, after: string): void {
  const text = read(repository, file);
  expect(text).toContain(before);
  write(repository, { [file]: text.replace(before, () => after) });
}

/** The commands of a section of docs/upgrading.md. Those of npm need the packages of the release. */
function gitCommands(section: string): string[] {
  const text = readFileSync('docs/upgrading.md', 'utf8').split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, body = '']) => body.trimEnd().split('\n'))
    .filter((line) => line.startsWith('git ') && line !== 'git commit');
}

/** A file of the engine that the team has deleted, with a name that is a pattern for Git. */
const deleted = 'server/examples/[name]/example.ts';
const untouched = 'server/errors.ts';

beforeAll(() => {
  mkdirSync(product);
  for (const file of ['.gitattributes', 'package.json', 'README.md', 'CHANGELOG.md', 'docs/contract.json'])
    cpSync(file, join(product, file));
  for (const part of ['content', 'server/custom', untouched])
    cpSync(part, join(product, part), { recursive: true });
  write(product, { [deleted]: 'export const example = 1;\n' });
  shell(product, 'git init -q -b main');
  commit(product, 'Release 1');

  shell(folder, `git clone -q ${product} ${team}`);
  for (const command of gitCommands('Once')) expect(shell(team, command)).toEqual({ status: 0, output: '' });
  write(team, {
    'server/custom/jobs.ts': 'export const customJobs = ["ours"];\n',
    'server/custom/own.ts': 'export const own = 1;\n',
    'content/posts/own.md': '# Own\n',
    'README.md': '# Shop\n',
    'CHANGELOG.md': '# Changelog of the shop\n',
  });
  appendFileSync(join(team, 'docs/contract.json'), '\n\n');
  rmSync(join(team, deleted));
  replace(team, 'package.json', '"name": "typed-bff"', '"name": "shop"');
  replace(
    team,
    'package.json',
    '  "devDependencies": {',
    '  "devDependencies": {\n    "own-package": "1.0.0",',
  );
  commit(team, 'Make it ours');

  // The next release changes what the team has changed, too.
  write(product, {
    'server/custom/next.ts': 'export const next = 1;\n',
    'server/engine-part.ts': 'export const part = 1;\n',
    [deleted]: 'export const example = 2;\n',
  });
  for (const file of ['README.md', 'CHANGELOG.md', 'docs/contract.json', 'server/custom/jobs.ts', untouched])
    appendFileSync(join(product, file), '\n');
  replace(product, 'package.json', '"version": "', '"version": "9.');
  replace(product, 'package.json', '"node": ">=', '"node": ">=1');
  commit(product, 'Release 2');
});

describe('the next release', () => {
  test('is merged without a conflict in the files of the team', () => {
    const [fetch = '', merge = '', ...rest] = gitCommands('Each time');
    expect(shell(team, fetch).status).toBe(0);
    expect(shell(team, merge).output).toContain('CONFLICT (modify/delete)');
    expect(shell(team, 'git status --short | grep -E "^(U|.U|AA|DD)"').output).toBe(`DU ${deleted}\n`);
    for (const command of rest) expect(shell(team, command).status).toBe(0);
    expect(shell(team, 'git diff --name-only --diff-filter=U').output).toBe('');
    expect(shell(team, 'git commit -qm "Take release 2"').status).toBe(0);
  });

  test('leaves what is the team’s', () => {
    expect(existsSync(join(team, deleted))).toBe(false);
    expect(read(team, 'README.md')).toBe('# Shop\n');
    expect(read(team, 'CHANGELOG.md')).toBe('# Changelog of the shop\n');
    expect(read(team, 'server/custom/jobs.ts')).toBe('export const customJobs = ["ours"];\n');
    expect(read(team, 'content/posts/own.md')).toBe('# Own\n');
    expect(read(team, 'docs/contract.json')).toBe(`${readFileSync('docs/contract.json', 'utf8')}\n\n`);
  });

  test('brings what is the product’s', () => {
    expect(read(team, 'server/engine-part.ts')).toBe('export const part = 1;\n');
    expect(read(team, untouched)).toBe(read(product, untouched));
    expect(JSON.parse(read(team, 'package.json'))).toMatchObject({
      name: 'shop',
      version: expect.stringMatching(/^9\./),
      engines: { node: expect.stringContaining('>=1') },
      devDependencies: { 'own-package': '1.0.0' },
    });
  });
});
