/** What test files that run in one worker, one after another, share: each start costs seconds. */
import type { Browser } from 'playwright-core';
import './worker-environment.ts';
import { launchBrowser } from './chromium.ts';
import { type Product, startProduct } from './product.ts';

export type SharedProduct = Omit<Product, 'process' | 'close'>;

let product: Promise<Product> | undefined;
let browser: Promise<Browser> | undefined;

/**
 * The worker's product without settings of its own, with stand-ins that behave and have forgotten what they were
 * asked. For files that leave it as they found it but for mails and caches: no circuit open, no limit used up.
 */
export async function sharedProduct(): Promise<SharedProduct> {
  product ??= shared(startProduct());
  const running = await product;
  const { openMeteo, airQuality, geocoding, github, codeload, files } = running.upstreams;
  for (const standIn of [openMeteo, airQuality, geocoding, github, codeload, files]) {
    standIn.fault(undefined);
    standIn.requests.length = 0;
  }
  return running;
}

/** The worker's browser. Whoever opens a profile in it closes it. */
export function sharedBrowser(): Promise<Browser> {
  browser ??= shared(launchBrowser());
  return browser;
}

async function shared<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const { workerEndings } = globalThis;
  if (!workerEndings) throw new Error('This test file is not of a project whose workers share anything.');
  const started = await starting;
  workerEndings.push(() => started.close());
  return started;
}
