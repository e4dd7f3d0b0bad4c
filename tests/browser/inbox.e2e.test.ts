import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import { post } from '#tests/support/call.ts';
import { expectNoViolations } from './support/axe.ts';
import { test, withBrowser } from './support/browser.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, reads } from './support/wait.ts';

const { visit, product } = withBrowser();

const mailsSchema = z.object({ mails: z.array(z.object({ id: z.string(), isRead: z.boolean() })) });

/** Sends a mail and waits until it is in the inbox, as a test of an application would. */
async function send(draft: { email: string; subject: string; contents: string }): Promise<void> {
  await post(product(), 'email.send', draft);
  const query = new URLSearchParams({ from: draft.email, subject: draft.subject });
  await expect
    .poll(
      async () =>
        mailsSchema.parse(await (await fetch(`${product().baseUrl}/api/inbox?${query}`)).json()).mails,
      { timeout: 10_000 },
    )
    .toMatchObject([{ isRead: false }]);
}

test('a mail is found, read in its parts and deleted, without JavaScript', async () => {
  const email = `ada-${randomUUID()}@example.org`;
  await send({ email, subject: 'A needle', contents: 'Between <b>straws</b>' });
  await send({ email, subject: 'A nail', contents: 'Between boards' });
  const { page } = await visit({ javaScriptEnabled: false });
  await page.goto('/inbox');
  const rows = page.getByRole('region', { name: 'Mails' }).getByRole('listitem');

  await page.getByRole('searchbox', { name: 'Search' }).fill(`${email} between`);
  await page.getByRole('button', { name: 'Search' }).click();
  await becomes(() => rows.count(), 2);
  await reads(page.getByRole('main'), `2 mails with “${email} between”.`);
  await page.getByRole('searchbox', { name: 'Search' }).fill(`${email} STRAWS`);
  await page.getByRole('button', { name: 'Search' }).click();
  await becomes(() => rows.count(), 1);
  expect(await rows.getByRole('img', { name: 'Unread' }).count()).toBe(1);
  await screenshot(page, 'inbox-search');

  await rows.getByRole('link', { name: 'A needle' }).click();
  await headed(page, 'A needle');
  const frame = page.locator('iframe');
  expect(await frame.getAttribute('sandbox')).toBe('');
  expect(await frame.getAttribute('srcdoc')).toMatch(
    /^<meta http-equiv="Content-Security-Policy" content="default-src 'none';/,
  );
  await reads(page.frameLocator('iframe').locator('body'), 'Between <b>straws</b>');
  await screenshot(page, 'inbox-message');
  for (const [tab, text] of [
    ['Text', 'Between <b>straws</b>'],
    ['Headers', email],
    ['Source', 'Content-Type: multipart/alternative'],
  ] as const) {
    await page.getByRole('link', { name: tab, exact: true }).click();
    await reads(page.getByRole('region', { name: tab }), text);
    expect(await page.getByRole('link', { name: tab, exact: true }).getAttribute('aria-current')).toBe(
      'page',
    );
  }

  await page.goto(`/inbox?q=${email}`);
  await becomes(() => rows.count(), 2);
  expect(await rows.getByRole('img', { name: 'Unread' }).count()).toBe(1);
  await page.getByRole('button', { name: 'Delete A needle' }).click();
  await reads(page.getByRole('status'), 'The mail was deleted.');
  await page.goto(`/inbox?q=${email}`);
  await becomes(() => rows.count(), 1);
  await page.goto(`/inbox?q=${email}+needle`);
  await reads(page.getByRole('main'), `No mail contains “${email} needle”.`);

  // Without JavaScript, axe cannot run.
  const { page: scripted, allowProblem } = await visit();
  // Axe sends messages to frames, of which the sandbox has no origin.
  allowProblem(/^console warning: Failed to execute 'postMessage'/);
  await scripted.goto(`/inbox?q=${email}`);
  await expectNoViolations(scripted);
  await scripted.getByRole('link', { name: 'A nail' }).click();
  await headed(scripted, 'A nail');
  await expectNoViolations(scripted);

  await page.goto('/inbox');
  await page.getByText('Delete all mails').click();
  await page.getByRole('button', { name: 'Delete all' }).click();
  await reads(page.getByRole('main'), 'No mail has arrived yet.');
});
