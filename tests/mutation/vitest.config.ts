import { configDefaults, defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

const { projects, sequence, outputFile, ...shared } = base.test ?? {};

/** The tests that notice a change in the same process. Those that start other processes cannot, and take too long. */
// biome-ignore lint/style/noDefaultExport: Vitest loads the default export
export default defineConfig({
  ...base,
  root: process.cwd(),
  test: {
    ...shared,
    // As for the unit tests: to load the modules again for each file takes longer than to run the tests.
    isolate: process.env.MUTATE_TESTS?.includes('.integration.') ?? false,
    setupFiles: ['tests/support/fresh-process.ts'],
    include: process.env.MUTATE_TESTS?.split(',') ?? ['tests/**/*.unit.test.ts'],
    // They read the source files, which differ from those in the repository by all mutations at once.
    exclude: [...configDefaults.exclude, 'tests/{architecture,supply-chain,deploy,bench}/**'],
  },
});
