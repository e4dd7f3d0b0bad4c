import { describe, expect, it } from 'vitest';
import type { Mail } from '#server/mail/mail-service.ts';
import { addresses, draft, eventually, testMail, testSmtpServer } from './support.ts';

const waitForStatus = (mail: Mail, id: string, status: string) =>
  eventually(async () => {
    const state = await mail.status(id);
    expect(state.status).toBe(status);
    return state;
  });

const loggedAt = (lines: string[], message: string) => lines.filter((line) => line.includes(message));

describe('a server that does not accept the mail', () => {
  it('a 4xx reply is retried', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth <= 2 ? 451 : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id, messageId } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 3 });
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([messageId]);
  });

  it('a 4xx reply to the data is retried with the same message', async () => {
    const server = await testSmtpServer({ data: (nth) => (nth === 1 ? 451 : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id } = await mail.send(draft);
    await waitForStatus(mail, id, 'sent');
    const [first, second] = server.messages;
    expect(second?.raw).toBe(first?.raw);
    expect(first?.raw).toContain(`<${id}@site.example>`);
  });

  it('a connection dropped after the final dot is retried with the same message', async () => {
    const server = await testSmtpServer({ data: (nth) => (nth === 1 ? 'drop' : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id, messageId } = await mail.send(draft);
    await waitForStatus(mail, id, 'sent');
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([messageId, messageId]);
  });

  it('a 5xx reply marks the mail dead, and the next mail is sent', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth === 1 ? 550 : undefined) });
    const { mail, lines } = testMail({ SMTP_URL: server.url });
    mail.start();
    const rejected = await mail.send(draft);
    expect(await waitForStatus(mail, rejected.id, 'dead')).toMatchObject({ attempts: 1, sentAt: null });
    const accepted = await mail.send(draft);
    await waitForStatus(mail, accepted.id, 'sent');
    const [line] = loggedAt(lines, 'mail marked dead');
    expect(line).toContain('RCPT TO 550');
    expect(line).not.toContain(addresses.to);
  });

  it('a mail is marked dead once its retry period is over', async () => {
    const server = await testSmtpServer({ rcpt: () => 451 });
    const { mail } = testMail({ SMTP_URL: server.url }, { giveUpAfter: 0 });
    mail.start();
    const { id } = await mail.send(draft);
    await waitForStatus(mail, id, 'dead');
  });

  it('an unresponsive server is abandoned at the attempt deadline', async () => {
    const server = await testSmtpServer({ rcpt: (nth) => (nth === 1 ? 'hang' : undefined) });
    const { mail } = testMail({ SMTP_URL: server.url }, { attemptDeadline: 500 });
    mail.start();
    const { id } = await mail.send(draft);
    await waitForStatus(mail, id, 'sent');
    expect(server.messages).toHaveLength(1);
  });
});

describe('a transport that is down', () => {
  it('counts no attempts, and mails are delivered once the server is up', async () => {
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
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(server.messages).toHaveLength(1);
  });

  it.each([
    ['a 554 greeting', { greeting: (nth: number) => (nth <= 2 ? 554 : undefined) }],
    ['a dropped greeting', { greeting: (nth: number) => (nth <= 2 ? ('drop' as const) : undefined) }],
    ['530 at MAIL FROM', { mailFrom: (nth: number) => (nth <= 2 ? 530 : undefined) }],
  ])('is detected by %s', async (_case, script) => {
    const server = await testSmtpServer(script);
    const { mail, lines } = testMail({ SMTP_URL: server.url });
    mail.start();
    const { id } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(loggedAt(lines, 'mail transport is down')).toHaveLength(2);
  });

  it('is detected by wrong credentials', async () => {
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
    await waitForStatus(right.mail, sent.id, 'sent');
  });
});
