import type { Environment } from 'vitest/runtime';

declare global {
  /** How to end what the test files of this worker share; there only in projects with this environment. */
  var workerEndings: (() => Promise<void>)[] | undefined;
}

/** Node, for workers that run one test file after another: what the files share ends with the worker. */
const environment: Environment = {
  name: 'worker',
  viteEnvironment: 'ssr',
  setup() {
    const endings: (() => Promise<void>)[] = [];
    globalThis.workerEndings = endings;
    return {
      async teardown() {
        for (const end of endings.reverse()) await end();
      },
    };
  },
};

export default environment;
