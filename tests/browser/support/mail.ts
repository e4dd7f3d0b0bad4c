import { type ParsedMail, simpleParser } from 'mailparser';
import type { Page } from 'playwright-core';
import { limits } from '#server/config/limits.ts';
import { becomes, headed } from './wait.ts';

type ContactDraft = { email: string; name?: string; subject: string; contents: string };

export async function fillContactForm(page: Page, draft: ContactDraft): Promise<void> {
  await page.getByLabel('Your email address').fill(draft.email);
  await page.getByLabel('Your name (optional)').fill(draft.name ?? '');
  await page.getByLabel('Subject (optional)').fill(draft.subject);
  await page.getByLabel('Message').fill(draft.contents);
  // The server drops mails of forms that are filled in faster, as those of bots.
  const shownAt = Number(await page.locator('input[name="shownAt"]').inputValue());
  await page.waitForTimeout(Math.max(0, shownAt + limits.mail.minimumFillTime + 100 - Date.now()));
}

/** Reloads the inbox until it has `count` mails with this subject. */
export async function arrivesInInbox(page: Page, subject: string, count = 1): Promise<void> {
  await becomes(async () => {
    await page.goto('/inbox');
    return page.getByRole('link', { name: subject, exact: true }).count();
  }, count);
}

/** Opens the mail with this subject and parses its source. */
export async function readFromInbox(page: Page, subject: string): Promise<ParsedMail> {
  await page.getByRole('link', { name: subject, exact: true }).click();
  await headed(page, subject);
  await page.getByRole('link', { name: 'Source' }).click();
  await page.waitForURL('**/inbox/*?view=source');
  const raw = await page.getByRole('main').locator('pre').innerText();
  return simpleParser(raw);
}
