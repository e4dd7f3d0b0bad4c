import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const polling = { timeout: 10_000 };

/** Waits until React has hydrated the element, so that its event handlers replace the browser's defaults. */
export async function hydrated(locator: Locator): Promise<void> {
  const isHydrated = () =>
    locator.evaluate((element) => Object.keys(element).some((key) => key.startsWith('__reactProps$')));
  await expect.poll(isHydrated, polling).toBe(true);
}

/** Waits until the main heading has this text. */
export async function headed(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Waits until the element's text contains or matches `text`. */
export async function reads(locator: Locator, text: string | RegExp): Promise<void> {
  const read = () => locator.textContent();
  if (typeof text === 'string') await expect.poll(read, polling).toContain(text);
  else await expect.poll(read, polling).toMatch(text);
}

/** Polls until `read` returns this value. */
export async function becomes<T>(read: () => T | Promise<T>, value: T): Promise<void> {
  await expect.poll(read, polling).toEqual(value);
}

/** Waits until the page has no running requests. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
}
