/** The product and the browser that all test files of a worker share, because each start takes seconds. */
import './worker-environment.ts';
import { launchBrowser } from './chromium.ts';
import { type Product, startProduct } from './product.ts';

export type SharedProduct = Omit<Product, 'process' | 'close'>;

const runningProduct = shared(
  () => startProduct(),
  ({ process }) => process.exitCode === null && process.signalCode === null,
);

/**
 * Returns the worker's product with default settings. The faults and recorded requests of its stand-ins are reset. Test files that use it must not leave a circuit open or a rate limit
 * exhausted; mails and cache entries may stay.
 */
export async function sharedProduct(): Promise<SharedProduct> {
  const running = await runningProduct();
  running.upstreams.reset();
  return running;
}

/** Returns the worker's browser. A test that opens a context in it must close the context. */
export const sharedBrowser = shared(
  () => launchBrowser(),
  (browser) => browser.isConnected(),
);

/** Starts a shared resource at its first use, and again at the next use if it has stopped. */
function shared<T extends { close(): Promise<void> }>(
  start: () => Promise<T>,
  isRunning: (started: T) => boolean,
): () => Promise<T> {
  let current: T | undefined;
  return async () => {
    if (current && isRunning(current)) return current;
    const { workerTeardowns } = globalThis;
    if (!workerTeardowns)
      throw new Error('This test file runs in a project without the shared worker environment.');
    const started = await start();
    workerTeardowns.push(() => started.close());
    current = started;
    return started;
  };
}
