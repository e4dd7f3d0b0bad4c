import { expect } from 'vitest';
import { productTagline } from '#server/config/product-name.ts';
import { test, withBrowser } from './support/browser.ts';
import { arrivesInInbox, fillContactForm, readFromInbox } from './support/mail.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed } from './support/wait.ts';

const { visit } = withBrowser();
const visitWithoutJavaScript = () => visit({ javaScriptEnabled: false });

test('the contact form sends the mail and shows the outcome, and the inbox shows the mail', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/contact');
  const draft = {
    email: 'ada@example.org',
    name: 'Ada Lovelace',
    subject: 'Plain HTML – ohne Skript',
    contents: 'First line\nSecond line: naïve café & <b>tags</b>\n\nLast line',
  };
  await fillContactForm(page, draft);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL('**/contact?mail=*');
  await page
    .getByRole('status')
    .filter({ hasText: /^Your message / })
    .waitFor();
  await becomes(async () => {
    await page.reload();
    return page.getByRole('status').innerText();
  }, 'Your message was sent.');
  await screenshot(page, 'no-javascript-contact');

  await arrivesInInbox(page, draft.subject);
  const mail = await readFromInbox(page, draft.subject);
  expect(mail.text?.trimEnd()).toBe(draft.contents);
  expect(mail.replyTo?.value).toEqual([{ address: draft.email, name: draft.name }]);
  await screenshot(page, 'no-javascript-message');
});

test('the page names the invalid fields, and going back restores the text', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/contact');
  await page.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
  await fillContactForm(page, { email: 'not an address', subject: 'Kept', contents: 'Do not lose this.' });
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL('**/contact?problem=invalid_input&field=email');
  const alert = page.getByRole('alert').filter({ hasText: 'Your message was not sent.' });
  expect(await alert.innerText()).toContain('The input is not valid.');
  expect(await alert.innerText()).toContain('Please check Your email address.');
  await screenshot(page, 'no-javascript-contact-rejected');

  await page.goBack();
  await headed(page, 'Contact');
  await becomes(() => page.getByLabel('Message').inputValue(), 'Do not lose this.');
});

test.each(['/no-such-page', '/inbox/no/such/page'])('%s shows the 404 page', async (path) => {
  const { page, expectProblem } = await visitWithoutJavaScript();
  expectProblem(/^404: GET \/.*no.such./);
  const response = await page.goto(path);
  expect(response?.status()).toBe(404);
  await headed(page, 'Page not found');
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await screenshot(page, `no-javascript-404${path.replaceAll('/', '-')}`);
});

test('a missing message shows the 404 page', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/inbox/no-such-message');
  await headed(page, 'Page not found');
});

test.each([
  ['/', productTagline],
  ['/feeds', 'Feeds'],
  ['/contact', 'Contact'],
  ['/status', 'Status'],
  ['/inbox', 'Inbox'],
])('%s is complete without JavaScript', async (path, heading) => {
  const { page } = await visitWithoutJavaScript();
  await page.goto(path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
});

test('/proxy shows its data and says that its forms need JavaScript', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/proxy');
  await page.getByRole('heading', { name: 'proxy.items.item' }).waitFor();
  await screenshot(page, 'no-javascript-proxy');
  expect(await page.getByRole('main').innerText()).toContain('needs JavaScript');
});

test('a proxy form never puts its fields into a URL without JavaScript', async () => {
  const { page, requests } = await visitWithoutJavaScript();
  await page.goto('/proxy');
  const card = page.getByRole('listitem').filter({ hasText: 'proxy.items.render' });
  await card.getByLabel('body.text').fill('my secret draft');
  const button = card.getByRole('button', { name: 'Call' });
  if (await button.isEnabled()) await button.click();
  await headed(page, 'Proxy explorer');
  const urls = [page.url(), ...requests.map((request) => request.url())];
  expect(urls.filter((url) => url.includes('secret'))).toEqual([]);
});
