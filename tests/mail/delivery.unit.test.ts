import { describe, expect, it } from 'vitest';
import type { Draft } from '#server/mail/draft.ts';
import {
  addresses,
  draft,
  eventually,
  invisible,
  messageHeaders,
  testMail,
  testSmtpServer,
} from './support.ts';

/** Sends one mail through a real SMTP server and returns the received message. */
async function deliver(input: Draft) {
  const server = await testSmtpServer();
  const { mail, lines } = testMail({ SMTP_URL: server.url });
  mail.start();
  const receipt = await mail.send(input);
  const state = await eventually(async () => {
    const current = await mail.status(receipt.id);
    expect(current.status).toBe('sent');
    return current;
  });
  const [message, ...more] = server.messages;
  expect(more).toEqual([]);
  if (!message) throw new Error('No message arrived.');
  return { receipt, state, message, lines };
}

const headersOf = (raw: string) => raw.slice(0, raw.indexOf('\r\n\r\n'));

describe('delivery over SMTP', () => {
  it('always has the configured sender and recipient in its envelope', async () => {
    const { message } = await deliver(draft);
    expect(message.envelope).toEqual({ from: addresses.from, to: [addresses.to] });
  });

  it('contains the headers, a text part and an HTML part', async () => {
    const { receipt, state, message } = await deliver(draft);
    const { parsed, raw } = message;
    expect(receipt).toMatchObject({ status: 'queued', duplicate: false });
    expect(receipt.messageId).toBe(`<${receipt.id}@site.example>`);
    expect(parsed.messageId).toBe(receipt.messageId);
    expect(parsed.from?.value).toEqual([{ name: 'Website', address: addresses.from }]);
    expect(parsed.to).toMatchObject({ value: [{ name: '', address: addresses.to }] });
    expect(parsed.replyTo?.value).toEqual([{ name: draft.name, address: draft.email }]);
    expect(parsed.subject).toBe(draft.subject);
    expect(parsed.date?.getTime()).toBe(Math.floor(state.acceptedAt.getTime() / 1000) * 1000);
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(headersOf(raw)).not.toMatch(/x-mailer/i);
    expect(parsed.text?.trim()).toBe(draft.contents);
    expect(parsed.html).toContain('Hello,<br>\nhow are you?');
    expect(state).toMatchObject({ attempts: 1, sentAt: expect.any(Date) });
  });

  // RFC 2045, 6.8: the line endings of a text are CRLF before it is encoded.
  it.each([
    ['base64', 'Привет,\n\nкак дела?\n'.repeat(9)],
    ['quoted-printable', `Grüße\naus der ${'langen '.repeat(20)}Zeile\n\nEnde`],
    ['7bit', 'One\ntwo\n\nthree'],
  ])('has CRLF line endings in a text part in %s', async (encoding, contents) => {
    const { message } = await deliver({ ...draft, contents });
    const part = message.raw.split(/\r\n--[^\r]+\r\n/).find((text) => text.includes('text/plain')) ?? '';
    expect(part.toLowerCase()).toContain(`content-transfer-encoding: ${encoding}`);
    const body = part.slice(part.indexOf('\r\n\r\n') + 4);
    const decoded = encoding === 'base64' ? Buffer.from(body, 'base64').toString() : body;
    expect(decoded).not.toMatch(/[^\r]\n/);
    if (encoding === 'base64') expect(decoded.trimEnd()).toBe(contents.trim().replaceAll('\n', '\r\n'));
    expect(message.parsed.text?.trim()).toBe(contents.trim());
  });

  it('names the site when there is no subject, and replies to a bare address when there is no name', async () => {
    const { message } = await deliver({ email: draft.email, contents: 'Hi' });
    expect(message.parsed.subject).toBe('Message through site.example');
    expect(message.parsed.replyTo?.value).toEqual([{ name: '', address: draft.email }]);
  });

  it.each([
    ['line breaks', 'Ada\r\nBcc: victim@elsewhere.example\r\n\r\nbody'],
    ['a lone carriage return', 'Ada\rBcc: victim@elsewhere.example'],
    ['line separators', 'Ada\u2028Bcc: victim@elsewhere.example\u0085x'],
    ['bidi overrides', 'Ada\u202egpj.exe\u202c \u2066x\u2069'],
    ['an encoded-word with line breaks', '=?utf-8?Q?Ada=0D=0ABcc:_victim@elsewhere.example?='],
    ['an encoded-word with a bidi override', '=?utf-8?B?4oCuQWRh?='],
    ['an encoded-word hidden by a stripped character', '=\u202e?utf-8?B?4oCuQWRh?='],
    ['another address', 'Ada <owner@bank.example>, "x" <y@z.example>'],
  ])('treats %s in name and subject as text', async (_case, hostile) => {
    const { message } = await deliver({ ...draft, name: hostile, subject: hostile });
    const { parsed, raw, envelope } = message;
    expect(envelope.to).toEqual([addresses.to]);
    expect(headersOf(raw)).not.toMatch(/^bcc:/im);
    expect([...parsed.headers.keys()].sort()).toEqual(messageHeaders);
    const [replyTo, ...others] = parsed.replyTo?.value ?? [];
    expect(others).toEqual([]);
    expect(replyTo?.address).toBe(draft.email);
    for (const shown of [replyTo?.name, parsed.subject]) {
      expect(shown).toMatch(/Ada|4oCu/);
      expect(shown).not.toMatch(invisible);
    }
    expect(parsed.text?.trim()).toBe(draft.contents);
  });

  it('escapes the contents in the HTML part and keeps them in the text part', async () => {
    const contents =
      '<script>alert("1")</script> & <img src=x onerror=\'y\'>\r\n\tsecond\u0000 line \u{1f44b}\n.\nend';
    const { message } = await deliver({ ...draft, contents });
    expect(message.parsed.html).toContain(
      '&lt;script&gt;alert("1")&lt;/script&gt; &amp; &lt;img src=x onerror=\'y\'&gt;<br>\n\tsecond line',
    );
    expect(message.parsed.html).not.toMatch(/<script|<img/);
    expect(message.parsed.text?.trim()).toBe(contents.replace('\r\n', '\n').replace('\u0000', ''));
  });

  it('logs the id and the outcome, but no contents or addresses', async () => {
    const { receipt, lines } = await deliver(draft);
    const logged = lines.join('\n');
    expect(logged).toContain(receipt.id);
    for (const secret of [
      draft.email,
      draft.name,
      draft.subject,
      'how are you',
      addresses.to,
      addresses.from,
    ]) {
      expect(logged).not.toContain(secret);
    }
  });

  it('rejects an unknown id with not_found', async () => {
    const { mail } = testMail({});
    await expect(mail.status('unknown')).rejects.toMatchObject({ reason: 'not_found' });
  });
});
