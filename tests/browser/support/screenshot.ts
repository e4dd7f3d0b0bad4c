import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const folder = new URL('../../.output/screenshots/', import.meta.url);

/** With SCREENSHOTS=1, for they take time: keeps the whole page as a picture, for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return;
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, folder)), fullPage: true });
}
