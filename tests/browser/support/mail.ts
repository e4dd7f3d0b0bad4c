import { type ParsedMail, simpleParser } from 'mailparser';
import type { Page } from 'playwright-core';
import { limits } from '#server/config/limits.ts';
import { becomes, headed } from './wait.ts';

export type Letter = { email: string; name?: string; subject: string; contents: string };

export async function fillLetter(page: Page, letter: Letter): Promise<void> {
  await page.getByLabel('Your email address').fill(letter.email);
  await page.getByLabel('Your name (optional)').fill(letter.name ?? '');
  await page.getByLabel('Subject (optional)').fill(letter.subject);
  await page.getByLabel('Message').fill(letter.contents);
  // A person takes longer than that; who does not is taken for a program.
  const shownAt = Number(await page.locator('input[name="shownAt"]').inputValue());
  await page.waitForTimeout(Math.max(0, shownAt + limits.mail.minimumFillTime + 100 - Date.now()));
}

/** Opens the inbox again until so many mails of this subject have arrived. */
export async function arrivesInInbox(page: Page, subject: string, count = 1): Promise<void> {
  await becomes(async () => {
    await page.goto('/inbox');
    return page.getByRole('link', { name: subject, exact: true }).count();
  }, count);
}

/** The mail of this subject as its reader would see it. */
export async function readFromInbox(page: Page, subject: string): Promise<ParsedMail> {
  await page.getByRole('link', { name: subject, exact: true }).click();
  await headed(page, subject);
  const raw = await page.getByRole('main').locator('pre').innerText();
  return simpleParser(raw);
}
