import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { limits } from '../config/limits.ts';

const { addressLength, localPartLength } = limits.mail;

/**
 * The parts of HTML's valid email address, https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address. An
 * address that a browser accepts must not fail here.
 */
const validLocalPart = /^[\w.!#$%&'*+/=?^`{|}~-]+$/;
const validLabel = /^[a-z\d](?:[a-z\d-]*[a-z\d])?$/i;
const maxLabelLength = 63;

/**
 * Schema of an email address: what `<input type="email">` accepts. As in a browser, a domain with other characters than
 * ASCII is converted to its IDNA form, so `ana@münchen.example` becomes `ana@xn--mnchen-3ya.example`.
 */
export function emailAddress(message: string) {
  return z
    .string({ error: message })
    .overwrite(withAsciiDomain)
    .max(addressLength, { error: message, abort: true })
    .refine(isEmailAddress, message);
}

function isEmailAddress(address: string): boolean {
  // Mail readers would decode an encoded-word (RFC 2047).
  if (address.includes('=?')) return false;
  const [localPart = '', domain = '', ...rest] = address.split('@');
  const isLabel = (label: string) => label.length <= maxLabelLength && validLabel.test(label);
  return (
    rest.length === 0 &&
    localPart.length <= localPartLength &&
    validLocalPart.test(localPart) &&
    domain.split('.').every(isLabel)
  );
}

/** No ASCII characters that a URL parser removes, decodes or ends the host at. */
const internationalDomain = /^(?:[a-z\d.-]|[^\p{ASCII}])+$/iu;

/** Returns the address unchanged if its domain has no IDNA form. */
function withAsciiDomain(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  const isConvertible = at >= 0 && address.length <= addressLength && internationalDomain.test(domain);
  const ascii = isConvertible && /\P{ASCII}/u.test(domain) ? domainToASCII(domain) : '';
  return ascii === '' ? address : `${address.slice(0, at + 1)}${ascii}`;
}
