import { createHash } from 'node:crypto';
import { emailSignInPath } from '../config/paths.ts';
import { productName } from '../config/product-name.ts';
import { escapeText } from '../lib/xml.ts';

const codeDigits = 8;

/** Returns the code of a token. The code follows from the token, but not the token from the code. */
export function codeOf(token: string): string {
  const bytes = createHash('sha256').update(`${productName} email code ${token}`).digest();
  return String(bytes.readBigUInt64BE() % 10n ** BigInt(codeDigits)).padStart(codeDigits, '0');
}

/** Returns the digits of a code as a user typed it, or undefined if it has not the form of one. */
export function typedCodeOf(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '');
  return /^\d{8}$/.test(code) ? code : undefined;
}

/** Returns a code in two groups, which are easier to read and to type. */
export const inGroups = (code: string): string =>
  `${code.slice(0, codeDigits / 2)} ${code.slice(codeDigits / 2)}`;

/**
 * Returns the mail of a sign-in. It has fixed words, times and the kind of a device: it cannot be used to send a text to
 * another person.
 *
 * @param options.links true if the address becomes a way to sign in for a user who is signed in
 * @param options.askedAt in milliseconds since the epoch, as `endsAt`
 */
export function signInMailOf(options: {
  siteUrl: string;
  token: string;
  device: string;
  links?: boolean;
  askedAt: number;
  endsAt: number;
}): { subject: string; text: string; html: string; link: string } {
  const { siteUrl, token, device, links = false, askedAt, endsAt } = options;
  const { host } = new URL(siteUrl);
  const link = `${siteUrl}${emailSignInPath}?t=${token}`;
  const code = inGroups(codeOf(token));
  const asked = `The mail was asked for on ${timeOf(askedAt)} with this browser: ${device}.`;
  const until = `Both work once, until ${timeOf(endsAt)}.`;
  const purpose = links
    ? `to add this address to your account at ${host}`
    : `in the browser in which you want to sign in to ${host}`;
  const warning = 'If that was not you, ignore this mail, and do not give the code to anyone.';
  return {
    subject: links ? `Add this address to your account at ${host}` : `Sign in to ${host}`,
    link,
    text: `Open this link ${purpose}:

${link}

Or type this code in the page that is open there: ${code}

${until}

${asked} ${warning}
`,
    html: `<!doctype html>
<html lang="en"><body>
<p>Open this link ${escapeText(purpose)}:</p>
<p><a href="${escapeText(link)}">${escapeText(link)}</a></p>
<p>Or type this code in the page that is open there: <strong>${code}</strong></p>
<p>${until}</p>
<p>${escapeText(asked)} ${warning}</p>
</body></html>
`,
  };
}

/** Returns a time such as `2026-11-29 14:17 UTC`. */
function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
