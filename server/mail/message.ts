import type { SendMailOptions } from 'nodemailer';
import type { ClaimedMail } from './claims.ts';
import { cleanContents, cleanLine } from './clean-text.ts';

/** Who the mails are from and for, and the site they come from. */
export type Addresses = { from: string; to: string; siteUrl: string };

type Visitor = Pick<ClaimedMail, 'email' | 'name' | 'subject'>;

/**
 * The message of a mail, as nodemailer takes it: the same for every attempt, Message-ID and MIME boundaries
 * included. Only plain strings, `{ name, address }` objects and a Date, made one by one: nodemailer reads a
 * path or a URL out of an object it is handed.
 */
export function renderMessage(
  mail: Visitor & Pick<ClaimedMail, 'id' | 'messageId' | 'contents' | 'acceptedAt'>,
  addresses: Addresses,
): SendMailOptions {
  const text = cleanContents(mail.contents);
  return {
    envelope: { from: addresses.from, to: [addresses.to] },
    messageId: mail.messageId,
    date: mail.acceptedAt,
    from: { name: 'Website', address: addresses.from },
    to: { name: '', address: addresses.to },
    replyTo: { name: cleanHeader(mail.name ?? ''), address: mail.email },
    subject: subjectOf(mail, addresses.siteUrl),
    text,
    html: htmlOf(mail.contents),
    headers: { 'Auto-Submitted': 'auto-generated' },
    baseBoundary: mail.id,
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The visitor's subject, or one that names the site. */
export function subjectOf(mail: Pick<Visitor, 'subject'>, siteUrl: string): string {
  return cleanHeader(mail.subject ?? '') || `Message through ${new URL(siteUrl).host}`;
}

/** The visitor as a line to show: `Ada <ada@example.org>`, or the address alone. */
export function senderOf(mail: Pick<Visitor, 'email' | 'name'>): string {
  const name = cleanHeader(mail.name ?? '');
  return name ? `${name} <${mail.email}>` : mail.email;
}

/**
 * Text for a header: one line. `=?` is broken up, because nodemailer passes ASCII on as it is and the reader would
 * decode an encoded-word (RFC 2047) into everything that was taken out before.
 */
export function cleanHeader(value: string): string {
  return cleanLine(value).replaceAll('=?', '= ?');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The HTML part of a message with these contents. */
export function htmlOf(contents: string): string {
  const text = cleanContents(contents);
  const escaped = text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
  return `<!doctype html>\n<html><body><div dir="auto">${escaped.replaceAll('\n', '<br>\n')}</div></body></html>\n`;
}
