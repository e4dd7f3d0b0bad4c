import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, describe, expect } from 'vitest';
import { test, type Visit, withBrowser } from '#tests/browser/support/browser.ts';
import { signIn } from '#tests/browser/support/sign-in.ts';
import { hydrated, reads } from '#tests/browser/support/wait.ts';
import { freePort } from '#tests/support/product.ts';
import { startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';

const port = await freePort();
const provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}` });
afterAll(() => provider.close());
const browser = withBrowser({ PORT: String(port), ...provider.env });

/** Opens a page that may go to the provider. */
async function visit(options?: BrowserContextOptions): Promise<Visit> {
  const opened = await browser.visit(options);
  opened.allowProblem(new RegExp(`^request to another host: ${RegExp.escape(provider.issuer)}/`));
  return opened;
}

describe('saved places', () => {
  const save = (page: Page) => page.getByRole('button', { name: /Save/ });

  test('of the device are offered once at sign-in, and then follow the user to another device', async () => {
    const { page } = await visit();
    await page.goto('/weather');
    await hydrated(save(page));
    await save(page).click();
    await signIn(page, 'Bob');
    await reads(page.getByRole('main'), 'One place is saved on this device only.');
    await page.getByRole('button', { name: 'Move to my account' }).click();
    await page.getByRole('button', { name: 'Move to my account' }).waitFor({ state: 'detached' });
    await page.getByRole('list', { name: 'Saved places' }).getByRole('button').waitFor();
    await page.reload();
    await page.getByRole('list', { name: 'Saved places' }).getByRole('button').waitFor();
    expect(await page.getByText('saved on this device only').count()).toBe(0);

    const elsewhere = await visit();
    await elsewhere.page.goto('/weather');
    await signIn(elsewhere.page, 'Bob');
    await elsewhere.page.getByRole('list', { name: 'Saved places' }).getByRole('button').waitFor();
  });

  test('that are declined stay on the device and are not offered again', async () => {
    const { page } = await visit();
    await page.goto('/weather');
    await hydrated(save(page));
    await save(page).click();
    await signIn(page, 'Ada');
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.reload();
    await hydrated(save(page));
    expect(await page.getByText('saved on this device only').count()).toBe(0);
  });
});
