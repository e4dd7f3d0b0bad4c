/** A script of package.json. */
export type Command = {
  name: string;
  /** Heading in docs/commands.md. */
  group: 'Run' | 'Operate' | 'Develop' | 'Measure';
  /** One line for `npm run help`. docs/commands.md has the details. */
  summary: string;
  /** The file that `server/bin/run.mjs` runs. Undefined for a command line of other tools. */
  file?: string;
  args?: readonly string[];
};

const launch = 'server/bin/launch.ts';

export const commands: readonly Command[] = [
  {
    name: 'dev',
    group: 'Run',
    summary: 'development server with hot reload and stand-in upstreams; -- --real for the real ones',
    file: 'tests/dev.ts',
  },
  {
    name: 'demo',
    group: 'Run',
    summary: 'builds if needed, and serves with stand-in upstreams',
    file: 'tests/demo.ts',
  },
  { name: 'build', group: 'Run', summary: 'builds for production', file: launch, args: ['build'] },
  {
    name: 'build:tests',
    group: 'Develop',
    summary: 'builds the product with the fixtures of the tests',
    file: launch,
    args: ['build'],
  },
  { name: 'start', group: 'Run', summary: 'serves the build on all cores', file: launch, args: ['start'] },
  {
    name: 'sign-in',
    group: 'Run',
    summary: 'signs you in for scripts',
    file: 'client/bin/sign-in.ts',
  },
  {
    name: 'example',
    group: 'Run',
    summary: 'a script that calls the running product',
    file: 'client/examples/script.ts',
  },
  { name: 'help', group: 'Run', summary: 'lists all commands', file: 'server/bin/help.ts' },

  {
    name: 'key',
    group: 'Operate',
    summary: 'creates a key for another service: -- NAME SCOPE…',
    file: 'server/bin/make-key.ts',
  },
  {
    name: 'backup',
    group: 'Operate',
    summary: 'copies the SQLite database, also while the product runs: -- FILE',
    file: 'server/bin/backup.ts',
  },
  {
    name: 'restore',
    group: 'Operate',
    summary: 'replaces the SQLite database by a backup: -- FILE',
    file: 'server/bin/restore.ts',
  },
  {
    name: 'mail',
    group: 'Operate',
    summary: 'lists and requeues mails: -- list|show|release|requeue|discard',
    file: 'server/bin/mail.ts',
  },
  {
    name: 'jobs',
    group: 'Operate',
    summary: 'lists and requeues jobs: -- list|show|requeue|discard',
    file: 'server/bin/jobs.ts',
  },
  {
    name: 'files',
    group: 'Operate',
    summary: 'lists and deletes uploaded files: -- list|remove|remove-of',
    file: 'server/bin/files.ts',
  },
  {
    name: 'users',
    group: 'Operate',
    summary: 'manages users: -- list|show|end-sessions|disable|enable',
    file: 'server/bin/users.ts',
  },
  {
    name: 'sqlite-to-postgres',
    group: 'Operate',
    summary: 'copies the SQLite database to DATABASE_URL',
    file: 'server/bin/sqlite-to-postgres.ts',
  },

  {
    name: 'init',
    group: 'Develop',
    summary: 'makes this clone a product of your own, once: -- NAME --without EXAMPLE,…',
    file: 'server/bin/init.ts',
  },
  {
    name: 'test:init',
    group: 'Develop',
    summary: 'removes all examples from a copy, then builds and tests it',
    file: 'tests/bin/init/suite.ts',
  },
  {
    name: 'new',
    group: 'Develop',
    summary: 'adds a procedure, page, job or other part with its test: -- KIND NAME',
    file: 'server/bin/new.ts',
  },
  {
    name: 'add-to',
    group: 'Develop',
    summary: 'adds this product to an existing application of Next: -- PATH',
    file: 'server/bin/add-to.ts',
  },
  { name: 'check', group: 'Develop', summary: 'checks format, lint, unused code and types' },
  { name: 'format', group: 'Develop', summary: 'formats, and fixes lint errors where possible' },
  {
    name: 'test',
    group: 'Develop',
    summary: 'checks, builds and tests everything',
    file: 'tests/run.ts',
  },
  {
    name: 'test:unit',
    group: 'Develop',
    summary: 'runs the tests that need only Node',
    file: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--project', 'unit'],
  },
  {
    name: 'mutate',
    group: 'Develop',
    summary: 'finds lines that no test holds: -- FOLDER',
    file: 'tests/mutation/run.ts',
  },
  {
    name: 'contract',
    group: 'Develop',
    summary: 'shows changes to the API contract; -- --update accepts them',
    file: 'server/bin/contract.ts',
  },
  {
    name: 'outdated',
    group: 'Develop',
    summary: 'lists packages with newer versions',
    file: 'tests/supply-chain/outdated.ts',
  },
  { name: 'sbom', group: 'Develop', summary: 'prints all packages as CycloneDX' },
  {
    name: 'licences',
    group: 'Develop',
    summary: 'lists all packages by licence',
    file: 'tests/supply-chain/licences.ts',
  },

  {
    name: 'bench',
    group: 'Measure',
    summary: 'compares the speed with that of other servers',
    file: 'tests/bench/run.ts',
  },
  {
    name: 'chaos',
    group: 'Measure',
    summary: 'kills processes that deliver mails, and counts the mails (3 minutes)',
    file: 'tests/chaos/mail.ts',
  },
  {
    name: 'chaos:cluster',
    group: 'Measure',
    summary: 'runs three instances while components fail (5 minutes)',
    file: 'tests/chaos/cluster.ts',
  },
  {
    name: 'soak',
    group: 'Measure',
    summary: 'runs under load for an hour and reports resource usage',
    file: 'tests/soak/soak.ts',
  },
];
