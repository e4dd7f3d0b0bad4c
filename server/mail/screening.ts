import { createHash } from 'node:crypto';
import { limits } from '../config/limits.ts';

/** Form fields that distinguish people from bots. */
export type FormSignals = {
  /** A honeypot: a field that people do not see. */
  website?: string | undefined;
  /** When the form was shown, in milliseconds since the epoch. */
  shownAt?: number | undefined;
};

/** Reports whether a bot filled in a form. The response must not reveal it. */
export function isFilledByBot({ website, shownAt }: FormSignals, now = Date.now()): boolean {
  // A time in the future comes from an instance whose clock is ahead: ignore it.
  const tooQuick = shownAt !== undefined && shownAt <= now && now - shownAt < limits.mail.minimumFillTime;
  return tooQuick || (website !== undefined && website.trim() !== '');
}

const link = /\b(?:https?:\/\/|www\.)/gi;

export function hasManyLinks(contents: string): boolean {
  return (contents.match(link) ?? []).length > limits.mail.linksInContents;
}

/** Returns the rate-limit bucket of an address: a hash that ignores case and does not reveal the address. */
export function senderKeyOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('base64url');
}
