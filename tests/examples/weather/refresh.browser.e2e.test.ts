import type { Page, Request } from 'playwright-core';
import { describe, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { callsOf } from '#tests/browser/support/requests.ts';
import { becomes, headed, hydrated, settled } from '#tests/browser/support/wait.ts';
import { dailyTable } from './forecast-page.ts';

const { visit } = withBrowser();

/** Simulates a switch to another tab or back. */
function setVisibility(page: Page, visibilityState: 'hidden' | 'visible'): Promise<void> {
  return page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, visibilityState);
}

/** Opens a page with a clock that the test can set forward. */
async function openAt(path: string) {
  const visited = await visit({});
  await visited.page.clock.install();
  await visited.page.goto(path);
  await hydrated(visited.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Posts' }));
  return visited;
}

describe('the browser watches the forecast', () => {
  test('after a minute, while the page is visible, and not while it is hidden', async () => {
    const { page, requests } = await openAt('/weather');
    const streams = () => callsOf(requests, 'weather.watch').length;
    await dailyTable(page).waitFor();
    expect(streams()).toBe(0);
    // Repeated, because nothing shows when the component has started its timer.
    const aMinuteLater = async () => {
      await page.clock.runFor('01:01');
      return streams();
    };
    await expect.poll(aMinuteLater, { timeout: 20_000 }).toBeGreaterThan(0);

    await setVisibility(page, 'hidden');
    await page.clock.runFor('00:31');
    const whenHidden = streams();
    await page.clock.runFor('30:00');
    expect(streams()).toBe(whenHidden);

    await setVisibility(page, 'visible');
    await page.clock.runFor('00:01');
    await becomes(streams, whenHidden + 1);
    await dailyTable(page).waitFor();
  });
});

describe('the browser refreshes server-rendered pages', () => {
  const refreshes = (requests: Request[], path: string) =>
    requests.filter((request) => {
      const { pathname, searchParams } = new URL(request.url());
      return pathname === path && searchParams.has('_rsc');
    }).length;

  test.each([
    ['/status', 'Status', '00:11'],
    ['/inbox', 'Inbox', '00:03'],
  ])('%s while it is visible, and not while it is hidden', async (path, heading, interval) => {
    const { page, requests } = await openAt(path);
    await headed(page, heading);
    const before = refreshes(requests, path);
    // Repeated, because nothing shows when the component that refreshes the page has started its timer.
    const anIntervalLater = async () => {
      await page.clock.runFor(interval);
      return refreshes(requests, path);
    };
    await expect.poll(anIntervalLater, { timeout: 20_000 }).toBeGreaterThan(before);

    await setVisibility(page, 'hidden');
    const whenHidden = refreshes(requests, path);
    await page.clock.runFor('01:00');
    await settled(page);
    expect(refreshes(requests, path)).toBe(whenHidden);
  });
});
