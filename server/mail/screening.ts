import { createHash } from 'node:crypto';
import { limits } from '../config/limits.ts';

/** What a form carries beside the message, to tell people from programs. */
export type FormSigns = {
  /** A field that people do not see. */
  website?: string | undefined;
  /** When the form was shown, in milliseconds since the epoch. */
  shownAt?: number | undefined;
};

/** Whether a form was filled in by a program. It is told nothing of it. */
export function isFilledByProgram({ website, shownAt }: FormSigns, now = Date.now()): boolean {
  // A time to come was shown by an instance whose clock is ahead: it tells nothing.
  const tooQuick = shownAt !== undefined && shownAt <= now && now - shownAt < limits.mail.minimumFillTime;
  return tooQuick || (website !== undefined && website.trim() !== '');
}

const link = /\b(?:https?:\/\/|www\.)/gi;

export function hasManyLinks(contents: string): boolean {
  return (contents.match(link) ?? []).length > limits.mail.linksInContents;
}

/** An address as limits count it: the same whatever its case, and not to be read back. */
export function senderKeyOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('base64url');
}
