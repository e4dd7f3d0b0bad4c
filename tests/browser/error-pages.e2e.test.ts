import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, expect } from 'vitest';
import { productTagline } from '#server/config/product-name.ts';
import { test, withBrowser } from './support/browser.ts';
import { screenshot } from './support/screenshot.ts';
import { headed, reads } from './support/wait.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-error-pages-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const { visit, product } = withBrowser({ DATA_DIR: dataDir });
let broken = false;

/** Simulates a failed restore: the database works, but a table is missing. */
function rename(from: string, to: string): void {
  const db = new Sqlite(join(dataDir, 'typed-bff.sqlite'));
  db.exec(`alter table ${from} rename to ${to}`);
  db.close();
  broken = from === 'inbox';
}

afterEach(() => {
  if (broken) rename('inbox_away', 'inbox');
});

test('a page whose storage fails shows an error with the digest from the log, and "Try again" recovers it', async () => {
  const { page, allowProblem } = await visit();
  allowProblem(/^(500: GET \/inbox|console error: |uncaught: )/);
  rename('inbox', 'inbox_away');
  await page.goto('/inbox');
  await headed(page, 'This page failed to load');
  const alert = page.getByRole('main').getByRole('alert');
  await reads(alert, 'Something went wrong on our side.');
  const quoted = await alert.locator('code').innerText();
  expect(quoted).not.toBe('');
  const line = product()
    .log()
    .split('\n')
    .find((text) => text.includes('"msg":"page failed"') && text.includes(quoted));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ digest: quoted, route: '/inbox', level: 'error' });
  expect(await page.content()).not.toMatch(/inbox_away|no such table|sqlite/i);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await screenshot(page, 'error-page');

  rename('inbox_away', 'inbox');
  await page.getByRole('button', { name: 'Try again' }).click();
  await headed(page, 'Inbox');
});

test('the error page links to the start page', async () => {
  const { page, allowProblem } = await visit();
  allowProblem(/^(500: GET \/inbox|console error: |uncaught: )/);
  rename('inbox', 'inbox_away');
  await page.goto('/inbox');
  await headed(page, 'This page failed to load');
  await page.getByRole('main').getByRole('link', { name: 'Go to the start page' }).click();
  await headed(page, productTagline);
});

test('a failure of the root layout shows the global error page, which links to the start page', async () => {
  const { page, expectProblem, allowProblem } = await visit();
  expectProblem(/^(console error|uncaught): .*no timers here/);
  allowProblem(/^(console error: |uncaught: )/);
  // Breaks the timer of the layout's links (see link-pending.tsx), as a browser extension might.
  await page.addInitScript(() => {
    const { setTimeout } = window;
    const skeletonDelay = 150;
    Reflect.set(window, 'setTimeout', (handler: () => void, delay?: number, ...rest: unknown[]) => {
      if (delay === skeletonDelay && location.pathname !== '/') throw new Error('no timers here');
      return setTimeout(handler, delay, ...rest);
    });
  });
  await page.goto('/docs');
  await headed(page, 'This site failed to load');
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toMatch(/sans/i);
  await screenshot(page, 'global-error');
  await page.getByRole('link', { name: 'Go to the start page' }).click();
  await headed(page, productTagline);
});
