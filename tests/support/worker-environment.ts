import type { Environment } from 'vitest/runtime';

declare global {
  /** Stops the resources that the test files of this worker share. Set only in projects with this environment. */
  var workerTeardowns: (() => Promise<void>)[] | undefined;
}

/** A Node environment for workers that run several test files: shared resources are stopped when the worker exits. */
const environment: Environment = {
  name: 'worker',
  viteEnvironment: 'ssr',
  setup() {
    const teardowns: (() => Promise<void>)[] = [];
    globalThis.workerTeardowns = teardowns;
    return {
      async teardown() {
        for (const teardown of teardowns.reverse()) await teardown();
      },
    };
  },
};

export default environment;
