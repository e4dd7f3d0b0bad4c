import { expect, test } from 'vitest';
import { services } from '#server/services.ts';
import { navigation, type TestBrowser } from './browser.ts';
import { withSmtpServer } from './email.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

const mailed = withSmtpServer();
withIdentity({
  RATE_LIMITS:
    'light=1000/60,signIn=1000/60,mail=1000/60,mailSender=1000/60,mailSite=1/3600,mailAddress=2/900,mailAddressTotal=5/3600,signInMailClient=4/3600,signInMailSite=13/3600',
});

/** Asks for a mail from a client address. @returns the status */
async function askFrom(
  client: string,
  address: string,
  browser: TestBrowser = newBrowser(),
): Promise<number> {
  const { status } = await browser.request('/auth/email', {
    method: 'POST',
    headers: {
      ...navigation,
      'sec-fetch-site': 'same-origin',
      origin: siteUrl,
      'x-forwarded-for': client,
    },
    body: new URLSearchParams({ email: address }),
  });
  return status;
}

const contact = (client: string) =>
  newBrowser().call(
    'email.send',
    { email: 'visitor@elsewhere.example', contents: 'Hello' },
    { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': client },
  );

test('a stranger alone cannot use up the mails of an address', async () => {
  const address = 'owner-1@people.example';
  const stranger = Array.from({ length: 4 }, (_, index) => `2001:db8:5:${index}::1`);
  const statuses = [];
  for (const client of stranger) statuses.push(await askFrom(client, address));
  // The addresses of one IPv6 /48 can be those of one subscriber.
  expect(statuses).toEqual([303, 303, 429, 429]);
  expect(await askFrom('192.0.2.7', address)).toBe(303);
  await mailed.mailTo(address, 3);
});

test('an address gets a limited number of mails, however many clients ask', async () => {
  const statuses = [];
  for (let client = 1; client <= 6; client += 1) {
    statuses.push(await askFrom(`203.0.113.${client}`, 'owner-2@people.example'));
  }
  expect(statuses).toEqual([303, 303, 303, 303, 303, 429]);
});

test('one client asks for a limited number of mails', async () => {
  const statuses = [];
  for (let person = 1; person <= 5; person += 1) {
    statuses.push(await askFrom('198.51.100.9', `many-${person}@people.example`));
  }
  expect(statuses).toEqual([303, 303, 303, 303, 429]);
});

test('sign-ins that use up their quota do not stop the contact form', async () => {
  // The tests before have asked for twelve.
  expect(await askFrom('198.51.100.10', 'last@people.example')).toBe(303);
  expect(await askFrom('198.51.100.10', 'too-late@people.example')).toBe(429);
  expect(await services().metrics.text()).toContain('bff_rate_limited_total{class="signInMailSite"} 1');
  expect((await contact('192.0.2.1')).status).toBe(200);
  expect((await contact('192.0.2.1')).status).toBe(429);
});
