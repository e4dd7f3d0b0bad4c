/**
 * `npm run new -- procedure order-list`: adds a procedure, subscription, upstream, page, job, webhook or migration with its
 * entries in lists and documentation and a test, which you then change. docs/building.md has the steps by hand.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { contractFile } from '../catalog/contract/check.ts';
import type { Change } from './new/change.ts';
import { newJob } from './new/job.ts';
import { newMigration } from './new/migration.ts';
import { type Name, nameOf } from './new/names.ts';
import { newPage } from './new/page.ts';
import { newProcedure } from './new/procedure.ts';
import { newSubscription } from './new/subscription.ts';
import { newUpstream } from './new/upstream.ts';
import { newWebhook } from './new/webhook.ts';
import { runCommand, UsageError } from './operator-command.ts';

type Kind = { changes: (name: Name) => Change[]; changesContract: boolean };

const kinds = new Map<string, Kind>([
  ['procedure', { changes: newProcedure, changesContract: true }],
  ['subscription', { changes: newSubscription, changesContract: true }],
  ['upstream', { changes: newUpstream, changesContract: true }],
  ['page', { changes: newPage, changesContract: false }],
  ['job', { changes: newJob, changesContract: false }],
  ['webhook', { changes: newWebhook, changesContract: false }],
  ['migration', { changes: newMigration, changesContract: false }],
]);

const usage = `npm run new -- KIND NAME
  KIND  ${[...kinds.keys()].join(', ')}
  NAME  lower-case words with hyphens, such as order-list`;

/** @returns the changed files, one in each line */
function addKind([kindName = '', given = '', ...rest]: readonly string[]): string {
  const kind = kinds.get(kindName);
  if (!kind || given === '' || rest.length > 0) throw new UsageError(usage);
  const written = kind.changes(nameOf(given)).map(({ file, text }) => {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    return { file, before, text: text(before) };
  });
  try {
    for (const { file, text } of written) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const code = written.map(({ file }) => file).filter((file) => /\.tsx?$/.test(file));
    execute('node_modules/@biomejs/biome/bin/biome', ['check', '--write', '--log-level=error', ...code]);
    if (kind.changesContract) checkContract();
  } catch (error) {
    // For example, the name is a keyword of TypeScript.
    for (const { file, before } of written) {
      if (before === undefined) rmSync(file, { force: true });
      else writeFileSync(file, before);
    }
    throw error;
  }
  const test = written.find(({ file }) => file.includes('.test.'));
  return [
    ...written.map(({ file, before }) => `${before === undefined ? 'created' : 'changed'}  ${file}`),
    '\nNext: change what was written, then',
    ...(kind.changesContract ? ['  npm run contract -- --update'] : []),
    '  npm run check',
    ...(test ? [`  npx vitest run ${test.file}`] : []),
  ].join('\n');
}

/**
 * Loads the router with what was written, and leaves the snapshot as it is: once the snapshot has a procedure, changes of
 * it count as changes for callers.
 *
 * @throws UsageError if the router cannot be loaded, or has changes that break callers
 */
function checkContract(): void {
  const snapshot = readFileSync(contractFile, 'utf8');
  try {
    execute('server/bin/contract.ts', ['--update']);
  } finally {
    writeFileSync(contractFile, snapshot);
  }
}

/** @throws UsageError if the script fails */
function execute(script: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new UsageError(`${script} failed:\n${stdout}${stderr}`);
}

await runCommand(usage, async (args) => addKind(args));
