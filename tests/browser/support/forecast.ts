import type { Locator, Page } from 'playwright-core';

/** The table of days, heading row and all. */
export function dailyTable(page: Page): Locator {
  return page.getByRole('table').filter({ has: page.getByRole('columnheader', { name: 'Sunrise' }) });
}

/** The table of hours, heading row and all. */
export function hourlyTable(page: Page): Locator {
  return page.getByRole('table').filter({ has: page.getByRole('columnheader', { name: 'Chance' }) });
}

/** Lets the server keep a place for the page's browser, as the form of the weather page does. */
export async function keepPlace(page: Page, form: { name: string; lat: string; lng: string }): Promise<void> {
  const answer = await page.request.post('/weather/choose', { form, maxRedirects: 0 });
  if (answer.status() !== 303) throw new Error(`/weather/choose answered ${answer.status()}`);
}
