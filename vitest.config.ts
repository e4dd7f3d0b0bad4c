import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The same condition that Next resolves with in server code; elsewhere the package throws on import.
  resolve: { conditions: ['react-server', 'node'] },
  ssr: { resolve: { conditions: ['react-server', 'node'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    env: { LOG_LEVEL: 'silent' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Product tests start whole servers and a browser.
    maxWorkers: 2,
    outputFile: { json: 'tests/.output/results.json' },
  },
});
