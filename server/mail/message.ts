import type { SendMailOptions } from 'nodemailer';
import { escapeText } from '../lib/xml.ts';
import type { ClaimedMail } from './claims.ts';
import { cleanContents, cleanLine } from './clean-text.ts';
import type { ClaimedNotice } from './notices.ts';

/** Sender of all mails, recipient of those of visitors, and the site's URL. */
export type Addresses = { from: string; to: string; siteUrl: string };

type Visitor = Pick<ClaimedMail, 'email' | 'name' | 'subject'>;

/**
 * Returns a mail as nodemailer's message: identical for every attempt, including Message-ID and MIME boundaries. It
 * contains only plain strings, `{ name, address }` objects and a Date, each built here: nodemailer would read a file or
 * fetch a URL if a visitor's object with `path` or `href` reached it.
 */
export function renderMessage(
  mail: Visitor & Pick<ClaimedMail, 'id' | 'messageId' | 'contents' | 'acceptedAt'>,
  addresses: Addresses,
): SendMailOptions {
  return {
    envelope: { from: addresses.from, to: [addresses.to] },
    messageId: mail.messageId,
    date: mail.acceptedAt,
    from: { name: 'Website', address: addresses.from },
    to: { name: '', address: addresses.to },
    replyTo: { name: cleanHeader(mail.name ?? ''), address: mail.email },
    subject: subjectOf(mail, addresses.siteUrl),
    text: withCrlf(cleanContents(mail.contents)),
    html: withCrlf(htmlOf(mail.contents)),
    headers: { 'Auto-Submitted': 'auto-generated' },
    baseBoundary: mail.id,
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Returns a notice as nodemailer's message, under the same rules. */
export function renderNotice(
  notice: Pick<ClaimedNotice, 'id' | 'messageId' | 'acceptedAt' | 'to' | 'subject' | 'text' | 'html'>,
  { from }: Pick<Addresses, 'from'>,
): SendMailOptions {
  return {
    envelope: { from, to: [notice.to] },
    messageId: notice.messageId,
    date: notice.acceptedAt,
    from: { name: 'Website', address: from },
    to: { name: '', address: notice.to },
    subject: cleanHeader(notice.subject),
    text: withCrlf(notice.text),
    html: withCrlf(notice.html),
    headers: { 'Auto-Submitted': 'auto-generated' },
    baseBoundary: notice.id,
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Returns the visitor's subject, or a default that names the site. */
export function subjectOf(mail: Pick<Visitor, 'subject'>, siteUrl: string): string {
  return cleanHeader(mail.subject ?? '') || `Message through ${new URL(siteUrl).host}`;
}

/** Returns the visitor in display form: `Ada <ada@example.org>`, or the address alone. */
export function senderOf(mail: Pick<Visitor, 'email' | 'name'>): string {
  const name = cleanHeader(mail.name ?? '');
  return name ? `${name} <${mail.email}>` : mail.email;
}

/**
 * Returns text as one line for a header. `=?` is broken up, because nodemailer passes ASCII through unchanged, and the
 * mail reader would decode an encoded-word (RFC 2047) into the very characters removed here.
 */
function cleanHeader(value: string): string {
  return cleanLine(value).replaceAll('=?', '= ?');
}

/** Text parts have CRLF before they are encoded, because base64 keeps the line endings (RFC 2045, 6.8). */
function withCrlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}

/** Returns the HTML part of a message with these contents. */
export function htmlOf(contents: string): string {
  const escaped = escapeText(cleanContents(contents));
  return `<!doctype html>\n<html><body><div dir="auto">${escaped.replaceAll('\n', '<br>\n')}</div></body></html>\n`;
}
