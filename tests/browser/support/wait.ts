import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const patience = { timeout: 10_000 };

/** Until React has taken the element over, so that its handlers answer and not the browser's defaults. */
export async function hydrated(locator: Locator): Promise<void> {
  const isHydrated = () =>
    locator.evaluate((element) => Object.keys(element).some((key) => key.startsWith('__reactProps$')));
  await expect.poll(isHydrated, patience).toBe(true);
}

/** Until the page's main heading says this. */
export async function headed(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Until the element's text is this, or holds it. */
export async function reads(locator: Locator, text: string | RegExp): Promise<void> {
  const read = () => locator.textContent();
  if (typeof text === 'string') await expect.poll(read, patience).toContain(text);
  else await expect.poll(read, patience).toMatch(text);
}

/** Until a value read again and again is this. */
export async function becomes<T>(read: () => T | Promise<T>, value: T): Promise<void> {
  await expect.poll(read, patience).toEqual(value);
}

/** Until nothing is on its way: what a page asks for by itself has been asked. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
}
