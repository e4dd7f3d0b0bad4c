import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { services } from '#server/services.ts';
import { type ReceivedMessage, startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { navigation, type TestBrowser } from './browser.ts';
import { siteUrl } from './in-process.ts';

const ownPage = { ...navigation, 'sec-fetch-site': 'same-origin', origin: siteUrl };

/** Posts a form of a page of the site. */
export function post(browser: TestBrowser, path: string, fields: Record<string, string>): Promise<Response> {
  return browser.request(path, { method: 'POST', headers: ownPage, body: new URLSearchParams(fields) });
}

export const ask = (browser: TestBrowser, email: string, returnTo = '/account') =>
  post(browser, '/auth/email', { email, returnTo });

export const confirm = (browser: TestBrowser, fields: { token: string } | { code: string }) =>
  post(browser, '/auth/email/confirm', fields);

/** Opens a link as from a mail reader: cookies with SameSite=Strict stay away. */
export const openLink = (browser: TestBrowser, token: string, method = 'GET') =>
  browser.request(
    `/auth/email?t=${token}`,
    { method, headers: { ...navigation, 'sec-fetch-site': 'cross-site' } },
    { strict: false },
  );

/** Returns the token and the code of a mail. */
export function readMail({ parsed }: Pick<ReceivedMessage, 'parsed'>): { token: string; code: string } {
  const token = new RegExp(`${siteUrl}/auth/email\\?t=([\\w-]{43})\\s`).exec(parsed.text ?? '')?.[1];
  const code = /\b\d{4} \d{4}\b/.exec(parsed.text ?? '')?.[0];
  if (token === undefined || code === undefined) throw new Error(`not a mail of a sign-in: ${parsed.text}`);
  return { token, code };
}

export type MailedTest = {
  readonly messages: ReceivedMessage[];
  /** Waits for the mail with this number to an address, starting at 1, and returns it. */
  mailTo(address: string, nth?: number): Promise<ReceivedMessage>;
};

/** Sends the mails of this process to an SMTP server. Must be called before the services of the process are set up. */
export function withSmtpServer(settings: Record<string, string> = {}): MailedTest {
  let server: TestSmtpServer | undefined;
  const messages = () => server?.messages ?? [];
  beforeAll(async () => {
    server = await startSmtpServer();
    const all = {
      SMTP_URL: server.url,
      MAIL_FROM: 'website@site.example',
      MAIL_TO: 'owner@site.example',
      EMAIL_SIGN_IN: 'people.example,guest@visitor.example',
      ...settings,
    };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  });
  beforeEach(() => {
    messages().length = 0;
    services().mail.start();
  });
  afterAll(() => server?.close());
  return {
    get messages() {
      return messages();
    },
    mailTo: (address, nth = 1) =>
      vi.waitFor(
        () => {
          const message = messages().filter(({ envelope }) => envelope.to.includes(address))[nth - 1];
          if (!message) throw new Error(`mail ${nth} to ${address} has not arrived`);
          return message;
        },
        { timeout: 10_000, interval: 10 },
      ),
  };
}
