import type { Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { post } from '#tests/support/call.ts';
import { test, withBrowser } from './support/browser.ts';
import { callsOf, pageLoads } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, reads } from './support/wait.ts';

const { visit, product } = withBrowser({});

afterEach(() => product().upstreams.items.fault(undefined));

const upstreams = ['Readings', 'Search', 'Archives', 'Items', 'Store'];

function cardOf(page: Page, title: string) {
  return page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { level: 3, name: title, exact: true }) });
}

/** Opens the page with a clock that `refreshed` sets forward. */
async function openStatus() {
  const visited = await visit({});
  await visited.page.clock.install();
  await visited.page.goto('/status');
  return visited;
}

/** Sets the clock of the page forward to its next refresh. */
const refreshed = (page: Page) => page.clock.runFor('00:11');

const render = () => post(product(), 'proxy.items.render', { body: { text: 'status' } });

test.each([true, false])(
  'the HTML has the state of each upstream; JavaScript: %s',
  async (javaScriptEnabled) => {
    const { page, requests } = await visit({ javaScriptEnabled });
    await page.goto('/status');
    await headed(page, 'Status');
    expect(await page.getByRole('main').getByRole('heading', { level: 3 }).allInnerTexts()).toEqual(
      expect.arrayContaining([...upstreams, 'Drafts']),
    );
    await reads(cardOf(page, 'Drafts'), 'Not configured');
    for (const title of upstreams) {
      await reads(cardOf(page, title), 'No calls yet');
    }
    await reads(page.getByRole('region', { name: 'This instance' }), 'StateReady');
    await reads(page.getByRole('region', { name: 'Outbox' }), /Queued\d+.*Undeliverable\d+/);
    await reads(
      page.getByRole('region', { name: 'Rate limits' }),
      'Calls of class mail1,000 an hour per caller',
    );
    await reads(page.getByRole('main'), /Last check at \d\d:\d\d:\d\d UTC/);
    await reads(page.getByRole('status'), 'All backends work normally.');
    expect(callsOf(requests, 'proxy.status')).toEqual([]);
    await screenshot(page, javaScriptEnabled ? 'status' : 'no-javascript-status');
  },
);

test('the open page counts a new mail', async () => {
  const { page } = await openStatus();
  const sent = page.getByRole('region', { name: 'Outbox' }).getByText('Sent', { exact: true });
  await reads(sent.locator('xpath=following-sibling::dd'), /^0$/);
  await post(product(), 'email.send', { email: 'ada@example.org', contents: 'Counted' });
  const counted = async () => {
    await refreshed(page);
    return sent.locator('xpath=following-sibling::dd').textContent();
  };
  await expect.poll(counted, { timeout: 20_000, interval: 500 }).toBe('1');
});

test('the open page shows that an upstream fails and that it recovers', async () => {
  const { page, requests } = await openStatus();
  const items = cardOf(page, 'Items');
  await reads(items, 'No calls yet');

  product().upstreams.items.fault({ kind: 'status', status: 500 });
  await becomes(async () => (await render()).status, 503);
  await refreshed(page);
  await reads(items, 'Failing: calls are paused');
  await reads(items, /Last failure(breaker_open|server_error), \d\d:\d\d:\d\d UTC/);
  await reads(items, /Failed[1-9]/);
  await reads(page.getByRole('status'), 'Items fails. All others work normally.');
  expect(await items.getByRole('img').count()).toBe(2);
  await items.getByRole('img', { name: /In the last hour: \d+ calls?, [1-9]\d* failed, last at/ }).waitFor();
  await reads(cardOf(page, 'Search'), 'No calls yet');
  await screenshot(page, 'status-failing');

  product().upstreams.items.fault(undefined);
  await becomes(async () => (await render()).status, 200);
  await refreshed(page);
  await reads(items, 'Working normally');
  expect(pageLoads(requests)).toHaveLength(1);
  expect(callsOf(requests, 'proxy.status')).toEqual([]);
  expect(callsOf(requests, 'proxy.watch').length).toBeGreaterThan(0);
});
