import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/** They look at the product from outside, so that nothing of theirs stays behind in the process that runs them. */
const fromOutside = globSync('tests/**/*.test.ts', { exclude: configDefaults.exclude }).filter((file) =>
  /from '.*support\/(product|shared|browser)\.ts'/.test(readFileSync(file, 'utf8')),
);

/** Those of HTTP alone, which share a product: they run against the route handlers behind `next start`, too. */
const ofBothServers = fromOutside.filter(
  (file) =>
    /^tests\/(?:http|trpc|node-server|product)\//.test(file) &&
    // What a request target may be, and what becomes of a connection, is the front server's to say; pages in a browser
    // are the same.
    !/(?:raw-path|raw-targets|rejected-body|csp-browser)\.test\.ts$/.test(file) &&
    readFileSync(file, 'utf8').includes('support/shared.ts'),
);

export default defineConfig({
  // The same condition that Next resolves with in server code; elsewhere the package throws on import.
  resolve: { conditions: ['react-server', 'node'] },
  ssr: { resolve: { conditions: ['react-server', 'node'] } },
  test: {
    env: {
      LOG_LEVEL: 'silent',
      // For what tests start, too: compiling takes a third of a product's start.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'tests/.output/compile-cache'),
    },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Product tests start whole servers and a browser.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'product',
          include: fromOutside,
          // One worker runs many: they share a product and a browser, see tests/support/shared.ts.
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
