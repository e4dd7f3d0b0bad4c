import type { Page } from 'playwright-core';

/** Returns the link of the header. */
export const signInLink = (page: Page) => page.getByRole('navigation').getByRole('link', { name: 'Sign in' });
/** Returns the button of the header that opens the menu of a user. */
export const menu = (page: Page, name: string) => page.getByRole('navigation').getByRole('button', { name });

/** Signs a person in from the header and waits for the page that it began on. */
export async function signIn(page: Page, person: 'Ada' | 'Bob' = 'Ada'): Promise<void> {
  const { pathname, port } = new URL(page.url());
  await signInLink(page).click();
  await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
  await page.waitForURL((url) => url.port === port && url.pathname === pathname);
}

/** Signs the user out and waits for the start page. */
export async function signOut(page: Page, name = 'Ada'): Promise<void> {
  const { port } = new URL(page.url());
  await menu(page, name).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.port === port && url.pathname === '/');
}
