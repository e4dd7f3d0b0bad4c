import type { Locator, Page, Request } from 'playwright-core';
import { expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { pageLoads } from './support/requests.ts';
import { becomes, headed, hydrated, settled } from './support/wait.ts';

const { visit, product } = withBrowser();

const linkTo = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name });

/** Requests for RSC payloads, which client-side navigations make. */
const payloads = (requests: Request[]) => requests.filter((request) => 'rsc' in request.headers());
const prefetches = (requests: Request[]) =>
  payloads(requests).filter((request) => 'next-router-prefetch' in request.headers());
const pathsOf = (requests: Request[]) => requests.map((request) => new URL(request.url()).pathname);
const scripts = (requests: Request[]) =>
  requests.filter((request) => request.resourceType() === 'script').map((request) => request.url());

test.each(['/', '/contact', '/docs', '/proxy'])('%s prefetches no page without user input', async (path) => {
  const { page, requests } = await visit();
  await page.goto(path);
  await hydrated(linkTo(page, 'Status'));
  await page.getByRole('contentinfo').scrollIntoViewIfNeeded();
  await settled(page);
  expect(pathsOf(payloads(requests))).toEqual([]);
});

test.each<[string, (link: Locator) => Promise<void>]>([
  ['hover', (link) => link.hover()],
  ['focus', (link) => link.focus()],
  [
    'touch',
    (link) => link.dispatchEvent('touchstart', { touches: [], changedTouches: [], targetTouches: [] }),
  ],
])('a link prefetches its own page on %s, and the click requests the rest', async (_, signalIntent) => {
  const { page, requests } = await visit({});
  await page.goto('/');
  const link = linkTo(page, 'Contact');
  await hydrated(link);
  await settled(page);
  requests.length = 0;
  await signalIntent(link);
  // The route tree and the static part of the route, then the scripts of that part.
  await becomes(() => prefetches(requests).length, 2);
  await becomes(() => scripts(requests).length > 0, true);
  await settled(page);
  expect(new Set(pathsOf(payloads(requests)))).toEqual(new Set(['/contact']));
  expect(prefetches(requests)).toHaveLength(2);
  const prefetched = scripts(requests);

  requests.length = 0;
  // A real click would move the pointer over the link and prefetch again.
  await link.evaluate((element) => element instanceof HTMLElement && element.click());
  await headed(page, 'Contact');
  await settled(page);
  const [payload, ...more] = payloads(requests);
  expect(pathsOf(more)).toEqual([]);
  const tree = await payload?.headerValue('next-router-state-tree');
  expect(tree).toContain(encodeURIComponent('["contact",{"children":["__PAGE__",{},null,"refetch"'));
  expect(scripts(requests).filter((url) => prefetched.includes(url))).toEqual([]);
  expect(pageLoads(requests)).toEqual([]);
});

test('a link in the content prefetches on hover, too', async () => {
  const { page, requests } = await visit({});
  await page.goto('/docs');
  const link = page.getByRole('main').getByRole('link', { name: 'fixture.body' });
  await hydrated(link);
  await settled(page);
  expect(pathsOf(prefetches(requests))).toEqual([]);
  await link.hover();
  await becomes(() => new Set(pathsOf(prefetches(requests))), new Set(['/docs/fixture.body']));
});

test('navigation to a page that was not prefetched makes one request', async () => {
  const { page, requests } = await visit({});
  await page.goto('/');
  const link = linkTo(page, 'Docs');
  await hydrated(link);
  await link.evaluate((element) => element instanceof HTMLElement && element.click());
  await headed(page, 'Documentation');
  await settled(page);
  expect(payloads(requests).map((request) => request.url())).toEqual([
    expect.stringMatching(`^${product().baseUrl}/docs\\?_rsc=`),
  ]);
});
