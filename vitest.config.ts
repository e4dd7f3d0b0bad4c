import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Returns a folder in memory if the system has one with enough space: SQLite and PostgreSQL wait for the disk at every
 * commit. The tests kill processes, not the machine, so what a process has written is kept in memory as on a disk.
 */
function temporaryFolder(): string {
  const folder = '/dev/shm';
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8') : '';
  // A test loads native modules from a temporary folder.
  if (!/ \/dev\/shm tmpfs (?!\S*\bnoexec\b)/.test(mounts)) return tmpdir();
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 2 ** 31 ? folder : tmpdir();
}

/** Small files that take more than 20 s. */
const slowFiles = [
  'bin/init/init',
  'bin/new',
  'cluster/chaos',
  'mail/chaos',
  'mail/process-faults',
  'mail/outbox',
  'soak/soak',
].map((name) => join(import.meta.dirname, `tests/${name}.integration.test.ts`));

/** Starts large files first as Vitest does, but also slow files, so that none of them runs alone at the end. */
class SlowFilesFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (slowFiles.includes(moduleId) ? 0 : 1);
    const sorted = await super.sort(specifications);
    return sorted.sort((a, b) => a.project.name.localeCompare(b.project.name) || rank(a) - rank(b));
  }
}

/**
 * `react-server` is the condition that Next uses for server code: without it, the package `server-only` throws on import.
 * `fixtures` replaces lists of `server/custom`, see docs/testing.md.
 */
const conditions = ['fixtures', 'react-server', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    env: {
      LOG_LEVEL: 'silent',
      // For the product and other programs that tests start.
      NODE_OPTIONS: '--conditions=fixtures',
      TMPDIR: temporaryFolder(),
      // Child processes inherit it: compiling takes a third of the product's start time.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'tests/.output/compile-cache'),
    },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: SlowFilesFirst },
    // Two keep two cores busy only for four fifths of the time, because many tests wait for deadlines and processes.
    maxWorkers: 3,
    // The suffix of a test file decides its project. tests/architecture/test-files.unit.test.ts has the rules.
    projects: [
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/**/*.e2e.test.ts'],
          // These tests run the product in other processes and leave no state in their own. So the test files of a
          // worker can share a process, and in it a product and a browser, see tests/support/shared.ts.
          isolate: false,
          environment: './tests/support/worker-environment.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'next-start',
          include: ['tests/**/*.any-server.e2e.test.ts'],
          isolate: false,
          environment: './tests/support/worker-environment.ts',
          setupFiles: ['tests/support/next-alone.ts'],
          env: { PRODUCT_SERVER: 'next' },
        },
      },
      { extends: true, test: { name: 'integration', include: ['tests/**/*.integration.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.unit.test.ts'],
          // Loading the same modules again for each file would take longer than the tests.
          isolate: false,
          setupFiles: ['tests/support/fresh-process.ts'],
        },
      },
    ],
    outputFile: { json: 'tests/.output/results.json' },
  },
});
