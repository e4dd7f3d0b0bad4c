import { services } from '#server/services.ts';

/** Returns whether this site offers notes: users can sign in, and `NOTES_URL` is set. */
export function areNotesOffered(): boolean {
  const { identity, env } = services();
  return identity !== undefined && env.NOTES_URL !== undefined;
}
