import { describe, expect, it } from 'vitest';
import type { Mail } from '#server/mail/mail-service.ts';
import { addresses, draft, eventually, testMail, testSmtpServer } from './support.ts';

const hasStatus = (mail: Mail, id: string, status: string) =>
  eventually(async () => {
    const state = await mail.status(id);
    expect(state.status).toBe(status);
    return state;
  });

const loggedAt = (lines: string[], message: string) => lines.filter((line) => line.includes(message));

describe('a server that does not take the mail', () => {
  it('is tried again after 4xx', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth <= 2 ? 451 : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id, messageId } = await mail.send(draft);
    expect(await hasStatus(mail, id, 'sent')).toMatchObject({ attempts: 3 });
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([messageId]);
  });

  it('gets the same message again after 4xx on the data', async () => {
    const server = await testSmtpServer({ data: (nth) => (nth === 1 ? 451 : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id } = await mail.send(draft);
    await hasStatus(mail, id, 'sent');
    const [first, second] = server.messages;
    expect(second?.raw).toBe(first?.raw);
    expect(first?.raw).toContain(`<${id}@site.example>`);
  });

  it('gets the same message again when the connection drops after the final dot', async () => {
    const server = await testSmtpServer({ data: (nth) => (nth === 1 ? 'drop' : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id, messageId } = await mail.send(draft);
    await hasStatus(mail, id, 'sent');
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([messageId, messageId]);
  });

  it('is given up at once after 5xx, and does not stop the next mail', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth === 1 ? 550 : undefined) });
    const { mail, lines } = testMail({ SMTP_URL: server.url });
    mail.start();
    const refused = await mail.send(draft);
    expect(await hasStatus(mail, refused.id, 'dead')).toMatchObject({ attempts: 1, sentAt: null });
    const taken = await mail.send(draft);
    await hasStatus(mail, taken.id, 'sent');
    const [line] = loggedAt(lines, 'mail given up');
    expect(line).toContain('RCPT TO 550');
    expect(line).not.toContain(addresses.to);
  });

  it('is given up when the mail has been tried for long enough', async () => {
    const server = await testSmtpServer({ rcpt: () => 451 });
    const { mail } = testMail({ SMTP_URL: server.url }, { giveUpAfter: 0 });
    mail.start();
    const { id } = await mail.send(draft);
    await hasStatus(mail, id, 'dead');
  });

  it('is cut off at the deadline when it does not answer', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth === 1 ? 'hang' : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url }, { attemptDeadline: 500 });
    mail.start();
    const { id } = await mail.send(draft);
    await hasStatus(mail, id, 'sent');
    expect(server.messages).toHaveLength(1);
  });
});

describe('a transport that is down', () => {
  it('burns no attempt and delivers when the server comes up', async () => {
    const gone = await testSmtpServer();
    await gone.close();
    const { mail, lines } = testMail({ SMTP_URL: gone.url }, { giveUpAfter: 0 });
    mail.start();
    const { id } = await mail.send(draft);
    await eventually(() => expect(loggedAt(lines, 'mail transport is down').length).toBeGreaterThan(2));
    await mail.stop();
    expect(await mail.status(id)).toMatchObject({ status: 'queued', attempts: 0 });

    const server = await testSmtpServer({}, gone.port);
    mail.start();
    expect(await hasStatus(mail, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(server.messages).toHaveLength(1);
  });

  it.each([
    ['a 554 greeting', { greeting: (nth: number) => (nth <= 2 ? 554 : undefined) }],
    ['a dropped greeting', { greeting: (nth: number) => (nth <= 2 ? ('drop' as const) : undefined) }],
    ['530 at MAIL FROM', { mailFrom: (nth: number) => (nth <= 2 ? 530 : undefined) }],
  ])('is known by %s', async (_what, script) => {
    const server = await testSmtpServer(script);
    const { mail, lines } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id } = await mail.send(draft);
    expect(await hasStatus(mail, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(loggedAt(lines, 'mail transport is down')).toHaveLength(2);
  });

  it('is known by wrong credentials', async () => {
    const server = await testSmtpServer({ credentials: { user: 'site', pass: 'right' } });
    const withPassword = (pass: string) => server.url.replace('//', `//site:${pass}@`);
    const wrong = testMail({ SMTP_URL: withPassword('wrong') });
    wrong.mail.start();
    const { id } = await wrong.mail.send(draft);
    const [line] = await eventually(() => {
      const found = loggedAt(wrong.lines, 'mail transport is down');
      expect(found.length).toBeGreaterThan(0);
      return found;
    });
    expect(line).toMatch(/AUTH PLAIN 535/);
    expect(line).not.toContain('wrong');
    expect(await wrong.mail.status(id)).not.toMatchObject({ status: 'dead' });

    const right = testMail({ SMTP_URL: withPassword('right') });
    right.mail.start();
    const sent = await right.mail.send(draft);
    await hasStatus(right.mail, sent.id, 'sent');
  });
});
