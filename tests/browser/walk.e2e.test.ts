import { expect } from 'vitest';
import { productTagline, productTitle } from '#server/config/product-name.ts';
import { test, withBrowser } from './support/browser.ts';
import { arrivesInInbox, fillContactForm } from './support/mail.ts';
import { pageLoads } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser({});

const navigation = [
  { link: 'Contact', path: '/contact', heading: 'Contact', title: `Contact · ${productTitle}` },
  { link: 'Proxy', path: '/proxy', heading: 'Proxy explorer', title: `Proxy explorer · ${productTitle}` },
  { link: 'Docs', path: '/docs', heading: 'Documentation', title: `Documentation · ${productTitle}` },
  { link: 'Status', path: '/status', heading: 'Status', title: `Status · ${productTitle}` },
  {
    link: productTitle,
    path: '/',
    heading: productTagline,
    title: `${productTitle}: ${productTagline}`,
  },
];

test('every link of the navigation leads to its page without a page load', async () => {
  const { page, requests } = await visit();
  await page.goto('/');
  await headed(page, productTagline);
  await screenshot(page, 'walk-start');
  const main = page.getByRole('navigation', { name: 'Main' });
  await hydrated(main.getByRole('link', { name: 'Contact' }));
  for (const { link, path, heading, title } of navigation) {
    await main.getByRole('link', { name: link, exact: true }).click();
    await headed(page, heading);
    await becomes(() => page.title(), title);
    expect(new URL(page.url()).pathname).toBe(path);
    await screenshot(page, `walk-${link.toLowerCase()}`);
  }
  expect(pageLoads(requests).map((request) => request.url())).toEqual([`${product().baseUrl}/`]);
});

test('the empty inbox links to the contact form, and the form links to the inbox, which shows the mail', async () => {
  const { page } = await visit();
  await page.goto('/inbox');
  await headed(page, 'Inbox');
  await screenshot(page, 'walk-inbox-empty');
  await page.getByRole('link', { name: 'Send one' }).click();
  await headed(page, 'Contact');
  await hydrated(page.getByRole('button', { name: 'Send' }));
  await fillContactForm(page, { email: 'ada@example.org', subject: 'A walk', contents: 'Passing through.' });
  await page.getByRole('button', { name: 'Send' }).click();
  await reads(page.getByRole('status'), 'Your message was sent.');

  await page.getByRole('main').getByRole('link', { name: 'inbox' }).click();
  await headed(page, 'Inbox');
  await becomes(() => page.title(), `Inbox · ${productTitle}`);
  await arrivesInInbox(page, 'A walk');
  await screenshot(page, 'walk-inbox');
  await page.getByRole('link', { name: 'A walk' }).click();
  await headed(page, 'A walk');
  await becomes(() => page.title(), `Message · ${productTitle}`);
  await reads(page.frameLocator('iframe').locator('body'), 'Passing through.');
  await screenshot(page, 'walk-message');
  await page.getByRole('main').getByRole('link', { name: 'Inbox' }).click();
  await headed(page, 'Inbox');
});

test.each(['/no-such-page', '/docs/no-such-procedure', '/contact/no-such-page'])(
  '%s shows the 404 page with a link to the start page',
  async (path) => {
    const { page, expectProblem } = await visit();
    expectProblem(/^404: GET \/.*no-such-/);
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await headed(page, 'Page not found');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await screenshot(page, `walk-404${path.replaceAll('/', '-')}`);
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    await headed(page, productTagline);
  },
);

test('the icons that browsers request exist', async () => {
  const { page } = await visit();
  await page.goto('/');
  const declared = await page
    .locator('link[rel~="icon"]')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  // Browsers request /favicon.ico if the page links no icon.
  for (const path of declared.length > 0 ? declared : ['/favicon.ico']) {
    const response = await page.request.get(path);
    expect(response.status(), path).toBe(200);
    expect(response.headers()['content-type'], path).toMatch(/^image\//);
  }
});
