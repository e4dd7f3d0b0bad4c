import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import { createServices, type Services } from '#server/services.ts';
import { type Caller, createServerCaller } from '#server/trpc/caller.ts';
import { toAppError } from '#server/trpc/init.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { addresses, draft, eventually, invisible, messageHeaders } from './support.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-mail-'));
let smtp: TestSmtpServer;
let services: Services;
let api: Caller;

beforeAll(async () => {
  smtp = await startSmtpServer();
  const env = parseEnv({
    NODE_ENV: 'production',
    DATA_DIR: dataDir,
    SITE_URL: addresses.siteUrl,
    SMTP_URL: smtp.url,
    MAIL_TO: addresses.to,
    MAIL_FROM: addresses.from,
  });
  services = createServices({ env, log: createLogger({ level: 'silent' }) });
  services.mail.start();
  api = createServerCaller({ services: () => services });
});
afterAll(async () => {
  await services.stop();
  await services.upstreams.close();
  await smtp.close();
  rmSync(dataDir, { recursive: true });
});

const victim = 'victim@other.example';

describe('email.send', () => {
  it.each([
    ['CRLF', `Eve\r\nBcc: ${victim}`],
    ['CRLF and a body', `Eve\r\nBcc: ${victim}\r\n\r\n<p>other</p>`],
    ['LF', `Eve\nCc: ${victim}`],
    ['CR', `Eve\rTo: ${victim}`],
    ['a folded header', `Eve\r\n Bcc: ${victim}\r\n\tCc: ${victim}`],
    ['NEL and line separators', `Eve\u0085Bcc: ${victim}\u2028Cc: ${victim}\u2029x`],
    ['an encoded word in Q', `=?utf-8?Q?Eve=0D=0ABcc:_${victim}?=`],
    ['an encoded word in B', `Eve =?utf-8?B?${Buffer.from(`\r\nBcc: ${victim}`).toString('base64')}?=`],
    ['an encoded word folded in two', '=?utf-8?Q?Eve=0D?=\r\n =?utf-8?Q?=0ABcc:x?='],
    ['an encoded word behind NUL', '=\u0000?utf-8?Q?Eve=0D=0ABcc:x?='],
    ['bare dots and SMTP', `Eve\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<${victim}>`],
    ['bare dots by LF', `Eve\n.\nRCPT TO:<${victim}>\n..\n.`],
    ['NUL', `Eve\u0000Bcc: ${victim}`],
    ['bidi', '\u202eEve\u202c \u2066x\u2069 \u200f\u061c'],
    ['a list of addresses', `Eve <${victim}>, <other@other.example>`],
    ['a group', `Eve: ${victim}, other@other.example;`],
    ['quotes and comments', `"Eve\\" <${victim}> (x)`],
    ['a lone surrogate', 'Eve \ud83d'],
    ['a path and a template', 'Eve file:///etc/passwd {{ x }} <%= x %> %0d%0aBcc: x'],
  ])('treats %s in name, subject and contents as text, and has one recipient', async (_case, hostile) => {
    const receipt = await api.email.send({
      email: draft.email,
      name: hostile,
      subject: hostile,
      contents: hostile,
    });
    const [message] = await eventually(() => {
      const found = smtp.messages.filter(({ parsed }) => parsed.messageId === receipt.messageId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(message?.envelope).toEqual({ from: addresses.from, to: [addresses.to] });
    const parsed = message?.parsed;
    expect([...(parsed?.headers.keys() ?? [])].sort()).toEqual(messageHeaders);
    expect(parsed?.headerLines.map(({ key }) => key).sort()).toEqual(messageHeaders);
    expect(parsed?.from?.value).toEqual([{ name: 'Website', address: addresses.from }]);
    expect(parsed?.to).toMatchObject({ value: [{ name: '', address: addresses.to }] });
    expect(parsed?.replyTo?.value).toEqual([{ name: expect.any(String), address: draft.email }]);
    expect(parsed?.attachments).toEqual([]);
    for (const shown of [parsed?.replyTo?.value[0]?.name, parsed?.subject]) {
      expect(shown).toMatch(/Eve|\?utf-8\?/);
      expect(shown).not.toMatch(invisible);
    }
    const text = hostile
      .toWellFormed()
      .replace(/\r\n?/g, '\n')
      .replace(/[^\P{Cc}\n\t]/gu, '');
    expect(parsed?.text?.trim()).toBe(text.trim());
  });

  it.each([
    ['first&last@example.org', 'first&last@example.org'],
    ['a/b=c@example.org', 'a/b=c@example.org'],
    ['user!x%y@example.org', 'user!x%y@example.org'],
    ["o'neil+tag_{x}|~^`$*?-#@example.org", "o'neil+tag_{x}|~^`$*?-#@example.org"],
    // Not a dot-atom, so it is quoted in a header (RFC 5322, 3.4.1).
    ['a..b@example.org', '"a..b"@example.org'],
    ['user@münchen.example', 'user@xn--mnchen-3ya.example'],
    ['ivan@xn--e1afmkfd.xn--p1ai', 'ivan@xn--e1afmkfd.xn--p1ai'],
  ])('accepts the address %s and replies to it', async (email, replyTo) => {
    const receipt = await api.email.send({ ...draft, email });
    const message = await eventually(() => {
      const found = smtp.messages.find(({ parsed }) => parsed.messageId === receipt.messageId);
      if (!found) throw new Error('The message has not arrived.');
      return found;
    });
    expect(message.raw).toContain(`\r\nReply-To: ${draft.name} <${replyTo}>\r\n`);
    expect(message.envelope).toEqual({ from: addresses.from, to: [addresses.to] });
  });

  it.each([
    ['CRLF', `eve@visitor.example\r\nBcc: ${victim}`],
    ['LF', `eve@visitor.example\nBcc: ${victim}`],
    ['NUL', 'eve\u0000@visitor.example'],
    ['two addresses', `eve@visitor.example,${victim}`],
    ['a name', `Eve <eve@visitor.example>`],
    ['an SMTP parameter', 'eve@visitor.example> NOTIFY=SUCCESS'],
    ['a quoted local part', `"eve@visitor.example, ${victim}"@x.example`],
    ['a source route', `@relay.example:${victim}`],
    ['a comment', 'eve(x)@visitor.example'],
    ['an encoded word', '=?utf-8?Q?eve?=@visitor.example'],
    ['bidi', 'eve\u202e@visitor.example'],
  ])('rejects %s as an address', async (_case, email) => {
    await expect(api.email.send({ email, contents: 'Hello' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it.each(['email', 'name', 'subject', 'contents', 'idempotencyKey'])(
    'rejects objects that nodemailer would read as a file, a URL or a list as %s',
    async (field) => {
      const shapes: unknown[] = [
        { path: '/etc/passwd' },
        { href: 'http://127.0.0.1:1/' },
        { raw: 'Bcc: x' },
        { name: 'Eve', address: victim },
        { content: 'x', encoding: 'base64' },
        [victim],
        Buffer.from('x'),
      ];
      for (const shape of shapes) {
        const input = JSON.parse(JSON.stringify({ ...draft, [field]: shape }));
        await expect(api.email.send(input)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      }
    },
  );

  it("rejects nodemailer's other fields", async () => {
    const others = {
      to: victim,
      cc: victim,
      bcc: victim,
      envelope: { to: victim },
      raw: `Bcc: ${victim}`,
      headers: { bcc: victim },
      attachments: [{ path: '/etc/passwd' }],
      html: { path: '/etc/passwd' },
      alternatives: [{ path: '/etc/passwd' }],
      list: { unsubscribe: 'http://127.0.0.1:1/' },
    };
    const error = await api.email.send({ ...draft, ...others }).catch((caught: unknown) => caught);
    expect(toAppError(error).fieldErrors).toEqual(
      Object.fromEntries(Object.keys(others).map((name) => [name, ['Unknown field']])),
    );
  });
});
