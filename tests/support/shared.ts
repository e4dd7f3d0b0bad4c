/** What test files that run in one worker, one after another, share: each start costs seconds. */
import './worker-environment.ts';
import { launchBrowser } from './chromium.ts';
import { type Product, startProduct } from './product.ts';

export type SharedProduct = Omit<Product, 'process' | 'close'>;

const runningProduct = shared(
  () => startProduct(),
  ({ process }) => process.exitCode === null && process.signalCode === null,
);

/**
 * The worker's product without settings of its own, with stand-ins that behave and have forgotten what they were
 * asked. For files that leave it as they found it but for mails and caches: no circuit open, no limit used up.
 */
export async function sharedProduct(): Promise<SharedProduct> {
  const running = await runningProduct();
  const { openMeteo, airQuality, geocoding, github, codeload, files } = running.upstreams;
  for (const standIn of [openMeteo, airQuality, geocoding, github, codeload, files]) {
    standIn.fault(undefined);
    standIn.requests.length = 0;
  }
  return running;
}

/** The worker's browser. Whoever opens a profile in it closes it. */
export const sharedBrowser = shared(launchBrowser, (browser) => browser.isConnected());

/** Started by the first file that asks, and anew by the next one when it has ended. */
function shared<T extends { close(): Promise<void> }>(
  start: () => Promise<T>,
  lives: (started: T) => boolean,
): () => Promise<T> {
  let current: T | undefined;
  return async () => {
    if (current && lives(current)) return current;
    const { workerEndings } = globalThis;
    if (!workerEndings) throw new Error('This test file is not of a project whose workers share anything.');
    const started = await start();
    workerEndings.push(() => started.close());
    current = started;
    return started;
  };
}
