import type { Locator, Page } from 'playwright-core';

/** The table of days. Its rows include the header row. */
export function dailyTable(page: Page): Locator {
  return page.getByRole('table').filter({ has: page.getByRole('columnheader', { name: 'Sunrise' }) });
}

/** The table of hours. Its rows include the header row. */
export function hourlyTable(page: Page): Locator {
  return page.getByRole('table').filter({ has: page.getByRole('columnheader', { name: 'Chance' }) });
}

/** Stores a place in the browser's cookie, as the form of the weather page does. */
export async function keepPlace(page: Page, form: { name: string; lat: string; lng: string }): Promise<void> {
  const response = await page.request.post('/weather/choose', { form, maxRedirects: 0 });
  if (response.status() !== 303) throw new Error(`/weather/choose responded with ${response.status()}`);
}
