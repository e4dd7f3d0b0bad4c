import { createHash } from 'node:crypto';
import { limits } from '../config/limits.ts';

/** Why a mail is suspected to come from a bot. */
export const suspicions = ['hidden_field', 'filled_too_fast'] as const;
export type Suspicion = (typeof suspicions)[number];

/** Form fields that distinguish people from bots. */
export type FormSignals = {
  /** A field that people do not see. */
  leaveEmpty?: string | undefined;
  /** When the form was shown, in milliseconds since the epoch. */
  shownAt?: number | undefined;
};

/** Returns why a form seems to be filled in by a bot, or undefined. */
export function suspicionOf(
  { leaveEmpty = '', shownAt }: FormSignals,
  now = Date.now(),
): Suspicion | undefined {
  if (leaveEmpty.trim() !== '') return 'hidden_field';
  // A time in the future comes from an instance whose clock is ahead: ignore it.
  const tooFast = shownAt !== undefined && shownAt <= now && now - shownAt < limits.mail.minimumFillTime;
  return tooFast ? 'filled_too_fast' : undefined;
}

const link = /\b(?:https?:\/\/|www\.)/gi;

export function hasManyLinks(contents: string): boolean {
  return (contents.match(link) ?? []).length > limits.mail.linksInContents;
}

/** Returns the rate-limit bucket of an address: a hash that ignores case and does not reveal the address. */
export function senderKeyOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('base64url');
}
