import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { arrivesInInbox, fillContactForm, readFromInbox } from './support/mail.ts';
import { callsOf } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated, reads, settled } from './support/wait.ts';

const { visit } = withBrowser();
const sendButton = (page: Page) => page.getByRole('button', { name: 'Send' });

test('the page shows the delivery state of a message, which arrives unchanged', async () => {
  const { page, requests } = await visit();
  await page.goto('/contact');
  await hydrated(sendButton(page));
  const draft = {
    email: 'ada@example.org',
    name: 'Ada Lovelace',
    subject: 'Fünf Fragen – 5 €',
    contents:
      'Sehr geehrte Damen & Herren,\n\n  <b>eins</b> = 日本語 🚀\n.\nFrom here on it is long: '.concat(
        'x'.repeat(200),
      ),
  };
  await fillContactForm(page, draft);
  await sendButton(page).click();
  const status = page.getByRole('status');
  await reads(status, 'Your message was sent.');
  expect(await status.getAttribute('data-status')).toBe('sent');
  const steps = page.getByRole('list', { name: 'Delivery' }).getByRole('listitem');
  await becomes(async () => (await steps.allInnerTexts()).length, 3);
  await reads(steps.first(), /Accepted: done\d\d:\d\d:\d\d UTC/);
  await reads(steps.last(), /Sent: done\d\d:\d\d:\d\d UTC/);
  expect(await page.getByLabel('Message').inputValue()).toBe('');
  expect(callsOf(requests, 'email.send').map((request) => request.method())).toEqual(['POST']);
  await screenshot(page, 'contact-sent');

  await arrivesInInbox(page, draft.subject);
  const mail = await readFromInbox(page, draft.subject);
  expect(mail.text?.trimEnd()).toBe(draft.contents);
  expect(mail.subject).toBe(draft.subject);
  expect(mail.replyTo?.value).toEqual([{ address: draft.email, name: draft.name }]);
});

test('a double click sends one mail', async () => {
  const { page, requests } = await visit();
  await page.goto('/contact');
  await hydrated(sendButton(page));
  await fillContactForm(page, {
    email: 'bob@example.org',
    subject: 'Only once',
    contents: 'Twice is too often.',
  });
  await sendButton(page).dblclick();
  await reads(page.getByRole('status'), 'Your message was sent.');
  await settled(page);
  const bodies = await Promise.all(
    callsOf(requests, 'email.send').map(async (request) => (await request.response())?.text()),
  );
  const ids = bodies.map((body) => /"id":"([^"]+)"/.exec(body ?? '')?.[1]);
  expect(new Set(ids)).toEqual(new Set([expect.stringMatching(/./)]));
  await arrivesInInbox(page, 'Only once');
});

test('a message with the hidden field filled in is held, and the page says so', async () => {
  const { page } = await visit();
  await page.goto('/contact');
  await hydrated(sendButton(page));
  const hidden = page.locator('input[name="leaveEmpty"]');
  // Browsers autofill only rendered fields.
  expect(await hidden.isVisible()).toBe(false);
  await fillContactForm(page, { email: 'bot@example.org', subject: 'Buy', contents: 'Buy!' });
  await hidden.evaluate((field) => {
    // React ignores a change through its own setter.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, 'Buy!');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await sendButton(page).click();
  const status = page.getByRole('status');
  await reads(status, 'Your message is stored. It will be sent once the owner of this site releases it.');
  await reads(page.getByRole('list', { name: 'Delivery' }), 'Held: now');
  await screenshot(page, 'contact-held');
});

test('a field shows its error when it loses focus, and clears it when it becomes valid', async () => {
  const { page, requests } = await visit();
  await page.goto('/contact');
  await hydrated(sendButton(page));
  const email = page.getByLabel('Your email address');
  await email.pressSequentially('ada@');
  expect(await describedBy(page, email)).toBeNull();
  await email.blur();
  await expect.poll(() => describedBy(page, email)).toMatch(/^Please enter an email address/);
  await email.pressSequentially('example.org');
  await expect.poll(() => describedBy(page, email)).toBeNull();
  await page.getByLabel('Message').fill('x'.repeat(5_001));
  await page.getByLabel('Message').blur();
  await expect.poll(() => describedBy(page, page.getByLabel('Message'))).toBe('At most 5,000 characters');
  await reads(page.locator('form'), '5,001 of 5,000 characters');
  await sendButton(page).click();
  expect(callsOf(requests, 'email.send')).toEqual([]);
});

test("the server's field errors are shown at their fields, and the text is kept", async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/^400: POST \/api\/trpc\/email\.send/);
  await page.goto('/contact');
  await hydrated(sendButton(page));
  // Only the server rejects this address.
  const tooLong = `${'a'.repeat(65)}@example.org`;
  await fillContactForm(page, { email: tooLong, subject: 'Kept', contents: 'http://a '.repeat(2) });
  await sendButton(page).click();
  const email = page.getByLabel('Your email address');
  await expect.poll(() => describedBy(page, email)).toMatch(/^Please enter an email address/);
  expect(await email.getAttribute('aria-invalid')).toBe('true');
  expect(await email.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await email.inputValue()).toBe(tooLong);
  expect(await page.getByLabel('Subject (optional)').inputValue()).toBe('Kept');
  expect(await page.getByRole('main').getByRole('alert').count()).toBe(1);
});

test('invalid and empty fields show their errors, and the text is kept', async () => {
  const { page } = await visit();
  await page.goto('/contact');
  await hydrated(sendButton(page));
  await fillContactForm(page, { email: 'not an address', subject: 'Kept', contents: '   ' });
  await sendButton(page).click();

  const email = page.getByLabel('Your email address');
  const message = page.getByLabel('Message');
  await expect
    .poll(() => describedBy(page, email))
    .toBe('Please enter an email address like name@example.org');
  expect(await describedBy(page, message)).toBe('Please enter a message');
  expect(await email.getAttribute('aria-invalid')).toBe('true');
  expect(await message.getAttribute('aria-invalid')).toBe('true');
  const subject = page.getByLabel('Subject (optional)');
  expect(await subject.getAttribute('aria-invalid')).toBe('false');
  expect(await email.inputValue()).toBe('not an address');
  expect(await subject.inputValue()).toBe('Kept');
  await screenshot(page, 'contact-invalid');
});

test('an unreachable server shows an error, the text is kept, and a retry sends the mail once', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/^net::ERR_CONNECTION_REFUSED: POST \/api\/trpc\/email\.send/);
  await page.goto('/contact');
  await hydrated(sendButton(page));
  await page.route('**/api/trpc/**', (route) => route.abort('connectionrefused'));
  await fillContactForm(page, {
    email: 'eve@example.org',
    subject: 'From a tunnel',
    contents: 'Are you there?',
  });
  await sendButton(page).click();
  await reads(
    page.getByRole('main').getByRole('alert'),
    'The server cannot be reached. Please check your connection.',
  );
  expect(await page.getByLabel('Message').inputValue()).toBe('Are you there?');
  await screenshot(page, 'contact-unreachable');

  await page.unroute('**/api/trpc/**');
  await sendButton(page).click();
  await reads(page.getByRole('status'), 'Your message was sent.');
  expect(await page.getByRole('main').getByRole('alert').count()).toBe(0);
  await arrivesInInbox(page, 'From a tunnel');
});

test('the page does not claim that a mail with an unknown id was accepted', async () => {
  const { page, allowProblem } = await visit();
  allowProblem(/^404: GET \/api\/trpc\/email\.status/);
  await page.goto('/contact?mail=0199b0c2-5d3c-7e6f-8f3a-2f6f0d9b7c11');
  await headed(page, 'Contact');
  await hydrated(sendButton(page));
  await settled(page);
  expect(await page.getByRole('main').innerText()).not.toMatch(/your message (was|is) /i);
});

/** Reads the text of the element in the control's aria-describedby. */
async function describedBy(page: Page, control: ReturnType<Page['getByLabel']>): Promise<string | null> {
  const id = await control.getAttribute('aria-describedby');
  return id === null ? null : page.locator(`[id="${id}"]`).innerText();
}
