import { afterEach, expect } from 'vitest';
import { post } from '#tests/support/call.ts';
import { test, withBrowser } from './support/browser.ts';
import { fillContactForm } from './support/mail.ts';
import { callsOf } from './support/requests.ts';
import { becomes, headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser({});

afterEach(() => product().upstreams.items.fault(undefined));

const render = () => post(product(), 'proxy.items.render', { body: { text: 'live' } });

test('the delivery state of a message comes over one stream, and the page does not ask again', async () => {
  const { page, requests } = await visit();
  await page.goto('/contact');
  await hydrated(page.getByRole('button', { name: 'Send' }));
  await fillContactForm(page, { email: 'ada@example.org', subject: 'Live', contents: 'Hello' });
  await page.getByRole('button', { name: 'Send' }).click();
  await reads(page.getByRole('status'), 'Your message was sent.');
  expect(callsOf(requests, 'email.watch')).toHaveLength(1);
  expect(callsOf(requests, 'email.status').length).toBeLessThanOrEqual(1);
});

test('eight open pages show a change, although a browser has six connections', async () => {
  const visits = await Promise.all(Array.from({ length: 8 }, () => visit()));
  for (const { page } of visits) {
    await page.goto('/status');
    await headed(page, 'Status');
  }
  const [first] = visits;
  if (!first) throw new Error('no page');
  product().upstreams.items.fault({ kind: 'status', status: 500 });
  await becomes(async () => (await render()).status, 503);
  for (const { page } of visits) await reads(page.getByRole('main'), 'Failing: calls are paused');
  const streamed = visits.map(({ requests }) =>
    callsOf(requests, 'proxy.watch').filter((request) => !request.url().includes('once=1')),
  );
  expect(streamed.filter((requests) => requests.length > 0)).toHaveLength(2);
  await first.page.goto('/contact');
  await headed(first.page, 'Contact');
});
