import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, vi } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { proxyKey } from '#tests/support/proxy-key.ts';
import { test, withBrowser } from './support/browser.ts';
import { backgroundLuminance, sidewaysOverflow } from './support/layout.ts';
import { screenshot } from './support/screenshot.ts';
import { headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser();

const longWord = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(3);
let messagePath = '';

beforeAll(async () => {
  const form = {
    email: 'ada@example.org',
    name: longWord.slice(0, 100),
    subject: longWord,
    contents: longWord,
  };
  const response = await fetch(`${product().baseUrl}/contact/send`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
  const id = /mail=([^&]+)$/.exec(response.headers.get('location') ?? '')?.[1];
  messagePath = `/inbox/${id}?view=headers`;
  await vi.waitFor(
    async () => {
      const message = await fetch(`${product().baseUrl}${messagePath}`);
      if (!(await message.text()).includes('Message-ID')) throw new Error('the mail has not arrived');
    },
    { timeout: 10_000, interval: 100 },
  );
});

const screenshotWidths = [320, 768, 1440];

/** Returns the elements that overflow the current page, by width, and saves screenshots in both colour schemes. */
async function overflowsOf(page: Page, name: string): Promise<Record<string, string[]>> {
  const overflows: Record<string, string[]> = {};
  for (const width of [...screenshotWidths, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await sidewaysOverflow(page);
    if (overflow.length > 0) overflows[`${name} ${width}`] = overflow;
    if (!screenshotWidths.includes(width)) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await screenshot(page, `layout-${name}-${width}-${colorScheme}`);
    }
  }
  return overflows;
}

describe('from 320 to 1920 px, there is no horizontal overflow', () => {
  test('on any page', { timeout: 120_000 }, async () => {
    const { page } = await visit();
    const overflows: Record<string, string[]> = {};
    for (const path of [...pages, messagePath]) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const name = path === messagePath ? 'message' : path.slice(1).replaceAll('/', '-') || 'start';
      Object.assign(overflows, await overflowsOf(page, name));
    }
    expect(overflows).toEqual({});
  });

  test('on the 404 page', async () => {
    const { page, expectProblem } = await visit();
    expectProblem(/^404: GET \/no-such-page/);
    await page.goto('/no-such-page');
    await headed(page, 'Page not found');
    expect(await overflowsOf(page, '404')).toEqual({});
  });

  test('with long responses', async () => {
    const { page } = await visit();
    await page.goto('/proxy');
    const card = page.getByRole('listitem').filter({ hasText: 'proxy.items.render' });
    await hydrated(card.getByRole('button', { name: 'Call' }));
    await card.getByLabel('Service key').fill(proxyKey);
    await card.getByLabel('body.text').fill(longWord);
    await card.getByRole('button', { name: 'Call' }).click();
    await reads(card.locator('pre'), longWord);
    expect(await overflowsOf(page, 'proxy-response')).toEqual({});
  });

  test('with an error', async () => {
    const { page, expectProblem } = await visit();
    expectProblem(/^[45]\d\d: POST /);
    await page.goto('/proxy');
    const card = page.getByRole('listitem').filter({ hasText: 'proxy.items.item' });
    await hydrated(card.getByRole('button', { name: 'Call' }));
    await card.getByLabel('params.repo').fill('no-such-repository');
    await card.getByRole('button', { name: 'Call' }).click();
    await card.getByRole('alert').waitFor();
    expect(await overflowsOf(page, 'failure')).toEqual({});
  });
});

test("the pages follow the visitor's colour scheme", async () => {
  const { page } = await visit();
  await page.goto('/');
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await backgroundLuminance(page)).toBeGreaterThan(0.9);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await backgroundLuminance(page)).toBeLessThan(0.05);
});
