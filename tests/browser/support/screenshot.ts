import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const folder = new URL('../../.output/screenshots/', import.meta.url);

/** Saves a full-page screenshot if SCREENSHOTS=1 is set. It is off by default because it takes time. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return;
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)), fullPage: true });
}
