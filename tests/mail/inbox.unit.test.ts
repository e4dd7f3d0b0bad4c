import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { inboxTransport, smtpTransport } from '#server/mail/transports.ts';
import { addresses, draft, eventually, testMail, testSmtpServer } from './support.ts';

describe('inbox', () => {
  it.each([
    ['development', { NODE_ENV: 'development' as const }],
    ['test', { NODE_ENV: 'test' as const }],
    ['the demo', { NODE_ENV: 'production' as const, DEMO: true }],
  ])('stores messages in %s', async (_environment, env) => {
    const { mail } = testMail(env);
    mail.start();
    const first = await mail.send(draft);
    await eventually(async () => expect((await mail.status(first.id)).status).toBe('sent'));
    const second = await mail.send({ email: 'grace@visitor.example', contents: 'Hi' });
    await eventually(async () => expect((await mail.status(second.id)).status).toBe('sent'));

    expect(mail.mode).toBe('inbox');
    expect(await mail.inbox?.list()).toEqual([
      {
        id: second.id,
        receivedAt: expect.any(Date),
        isRead: false,
        subject: 'Message through site.example',
        from: 'grace@visitor.example',
        to: addresses.to,
        link: null,
      },
      {
        id: first.id,
        receivedAt: expect.any(Date),
        isRead: false,
        subject: draft.subject,
        from: 'Ada Lovelace <ada@visitor.example>',
        to: addresses.to,
        link: null,
      },
    ]);
    const entry = await mail.inbox?.get(first.id);
    expect(entry).toMatchObject({ id: first.id, subject: draft.subject });
    const parsed = await simpleParser(entry?.raw ?? '');
    expect(parsed.messageId).toBe(first.messageId);
    expect(parsed.text?.trim()).toBe(draft.contents);
    expect(await mail.inbox?.get('unknown')).toBeUndefined();

    expect(await mail.inbox?.list({ words: 'how ADA' })).toMatchObject([{ id: first.id }]);
    expect(await mail.inbox?.list({ from: 'grace@visitor.example' })).toMatchObject([{ id: second.id }]);
    await mail.inbox?.markRead(first.id);
    expect(await mail.inbox?.list()).toMatchObject([{ isRead: false }, { isRead: true }]);
    expect(await mail.inbox?.remove(second.id)).toBe(1);
    expect(await mail.inbox?.remove()).toBe(1);
    expect(await mail.inbox?.list()).toEqual([]);
  });

  it('stores the same bytes that SMTP would have carried', async () => {
    const server = await testSmtpServer();
    const mail: ClaimedMail = {
      id: '7e0b1b5c',
      messageId: '<7e0b1b5c@site.example>',
      email: draft.email,
      name: 'Ünï',
      subject: null,
      contents: `long ${'line '.repeat(300)}\n.\n..dots\n\u{1f44b}`,
      acceptedAt: new Date(0),
      age: 0,
      crashedClaims: 0,
      attempt: 1,
      token: 't',
      traceparent: null,
    };
    const stored: string[] = [];
    const inbox = inboxTransport({
      addresses,
      deliver: async (_id, raw) => {
        stored.push(raw);
      },
    });
    await inbox.send(mail);
    await smtpTransport({ url: server.url, addresses }).send(mail);
    expect(stored).toEqual(server.messages.map(({ raw }) => raw));
  });

  it('is null when mails are sent by SMTP', () => {
    expect(testMail({ NODE_ENV: 'development', SMTP_URL: 'smtp://127.0.0.1:1' }).mail.inbox).toBeNull();
  });
});
