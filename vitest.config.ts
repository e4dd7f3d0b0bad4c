import { existsSync, globSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that run the product in other processes. They leave no state in the test process, so it can be shared. */
const fromOutside = globSync('tests/**/*.test.ts', { exclude: configDefaults.exclude }).filter((file) =>
  /from '.*support\/(product|posts-product|shared|browser)\.ts'/.test(readFileSync(file, 'utf8')),
);

/** HTTP tests that also run against the route handlers behind `next start`. Their products are shared, but for one. */
const ofBothServers = fromOutside.filter(
  (file) =>
    /^tests\/(?:http|trpc|node-server|product)\//.test(file) &&
    // Valid request targets, the size of headers and the handling of connections are up to the node server, and pages
    // in a browser are the same with both servers.
    !/(?:header-floods|raw-path|raw-stalled|raw-targets|rejected-body|csp-browser)\.test\.ts$/.test(file) &&
    (readFileSync(file, 'utf8').includes('support/shared.ts') || file === 'tests/product/host.test.ts'),
);

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
const slowFiles = ['cluster/chaos', 'mail/chaos', 'mail/process-faults', 'mail/outbox', 'soak/soak'].map(
  (name) => join(import.meta.dirname, `tests/${name}.test.ts`),
);

/** Starts large files first as Vitest does, but also slow files, so that none of them runs alone at the end. */
class SlowFilesFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (slowFiles.includes(moduleId) ? 0 : 1);
    const sorted = await super.sort(specifications);
    return sorted.sort((a, b) => a.project.name.localeCompare(b.project.name) || rank(a) - rank(b));
  }
}

export default defineConfig({
  // The condition that Next uses for server code. Without it, the package `server-only` throws on import.
  resolve: { conditions: ['react-server', 'node'] },
  ssr: { resolve: { conditions: ['react-server', 'node'] } },
  test: {
    env: {
      LOG_LEVEL: 'silent',
      TMPDIR: temporaryFolder(),
      // Child processes inherit it: compiling takes a third of the product's start time.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'tests/.output/compile-cache'),
    },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: SlowFilesFirst },
    // Product tests start servers and a browser.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'product',
          include: fromOutside,
          // Test files in one worker share a product and a browser, see tests/support/shared.ts.
          isolate: false,
          environment: './tests/support/worker-environment.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'next-start',
          include: ofBothServers,
          isolate: false,
          environment: './tests/support/worker-environment.ts',
          setupFiles: ['tests/support/next-alone.ts'],
          env: { PRODUCT_SERVER: 'next' },
        },
      },
      {
        extends: true,
        test: {
          name: 'units',
          include: ['tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...fromOutside],
        },
      },
    ],
    outputFile: { json: 'tests/.output/results.json' },
  },
});
