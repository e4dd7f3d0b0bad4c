import type { AllowedAddresses } from '../config/env-formats.ts';
import { emailAddress } from '../lib/email-address.ts';

const anyAddress = emailAddress('not an address');

/** A domain that is an IP address: its last label is a number. */
const numericDomain = /[@.]\d+$/;

/**
 * Returns an address in lower case: the one form that is compared, stored and written to, so that no mail goes to another
 * mailbox than the one that was checked.
 *
 * @returns undefined if it is no address, or has other characters than ASCII, which can look like those of another one.
 * Browsers send internationalized domains in their ASCII form
 */
export function normalAddressOf(text: string): string | undefined {
  if (/\P{ASCII}/u.test(text)) return undefined;
  const address = text.toLowerCase();
  return anyAddress.safeParse(address).success && !numericDomain.test(address) ? address : undefined;
}

/** @param address as `normalAddressOf` returns it */
export function isAllowed(address: string, { any, addresses, domains }: AllowedAddresses): boolean {
  return any || addresses.has(address) || domains.has(address.slice(address.lastIndexOf('@') + 1));
}
