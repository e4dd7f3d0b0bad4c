import { expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { arrivesInInbox, fillLetter, readFromInbox } from './support/mail.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed } from './support/wait.ts';

const { visit } = withBrowser();
const visitWithoutJavaScript = () => visit({ javaScriptEnabled: false });

test('the contact form sends, tells the outcome, and the mail can be read', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/contact');
  const letter = {
    email: 'ada@example.org',
    name: 'Ada Lovelace',
    subject: 'Plain HTML – ohne Skript',
    contents: 'First line\nSecond line: naïve café & <b>tags</b>\n\nLast line',
  };
  await fillLetter(page, letter);
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

  await arrivesInInbox(page, letter.subject);
  const mail = await readFromInbox(page, letter.subject);
  expect(mail.text?.trimEnd()).toBe(letter.contents);
  expect(mail.replyTo?.value).toEqual([{ address: letter.email, name: letter.name }]);
  await screenshot(page, 'no-javascript-message');
});

test('what the server objects to is told, and going back brings the text back', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/contact');
  await page.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
  await fillLetter(page, { email: 'not an address', subject: 'Kept', contents: 'Do not lose this.' });
  await page.getByRole('button', { name: 'Send' }).click();
  await page.waitForURL('**/contact?problem=invalid_input&field=email');
  const alert = page.getByRole('alert').filter({ hasText: 'Nothing was sent.' });
  expect(await alert.innerText()).toContain('The input is not valid.');
  expect(await alert.innerText()).toContain('Please look at Your email address.');
  await screenshot(page, 'no-javascript-contact-refused');

  await page.goBack();
  await headed(page, 'Contact');
  await becomes(() => page.getByLabel('Message').inputValue(), 'Do not lose this.');
});

test.each(['/no-such-page', '/posts/no-such-post'])('%s is the designed 404', async (path) => {
  const { page, expectProblem } = await visitWithoutJavaScript();
  expectProblem(/^404: GET \/.*no-such-/);
  const response = await page.goto(path);
  expect(response?.status()).toBe(404);
  await headed(page, 'There is nothing here');
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await screenshot(page, `no-javascript-404${path.replaceAll('/', '-')}`);
});

test('a message that is not there is said to be missing', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/inbox/no-such-message');
  await headed(page, 'There is nothing here');
});

test.each([
  ['/', 'A typed backend for your frontend'],
  ['/feeds', 'Feeds'],
  ['/posts', 'Posts'],
  ['/posts/one-typed-door', 'Why there is one typed door'],
  ['/inbox', 'Inbox'],
])('%s is complete as sent', async (path, heading) => {
  const { page } = await visitWithoutJavaScript();
  await page.goto(path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
});

test('/echo and /proxy show what they have and say what they need JavaScript for', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/echo');
  await page.getByRole('region', { name: 'echo.request' }).getByText('"method": "CALL"').waitFor();
  // Playwright's search by text does not look into <noscript>.
  expect(await page.getByRole('main').innerText()).toContain('needs JavaScript');
  await screenshot(page, 'no-javascript-echo');
  await page.goto('/proxy');
  await page.getByRole('heading', { name: 'proxy.github.repository' }).waitFor();
  await screenshot(page, 'no-javascript-proxy');
  expect(await page.getByRole('main').innerText()).toContain('needs JavaScript');
});

test('a proxy form pressed without JavaScript puts nothing that was typed into a URL', async () => {
  const { page, requests } = await visitWithoutJavaScript();
  await page.goto('/proxy');
  const card = page.getByRole('listitem').filter({ hasText: 'proxy.github.renderMarkdown' });
  await card.getByLabel('body.text').fill('my secret draft');
  const button = card.getByRole('button', { name: 'Call' });
  if (await button.isEnabled()) await button.click();
  await headed(page, 'Proxy explorer');
  const urls = [page.url(), ...requests.map((request) => request.url())];
  expect(urls.filter((url) => url.includes('secret'))).toEqual([]);
});
