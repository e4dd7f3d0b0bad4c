import { createHash } from 'node:crypto';
import type { Suspicion } from './screening.ts';

/** A visitor's message, validated by the procedure's schema. */
export type Draft = {
  /** The visitor's address, used for Reply-To. */
  email: string;
  contents: string;
  name?: string | undefined;
  subject?: string | undefined;
  /** Sending the same draft with the same key any number of times creates one mail. */
  idempotencyKey?: string | undefined;
  /** Set if the draft seems to come from a bot. It is then kept for the operator and not delivered. */
  suspicion?: Suspicion | undefined;
};

/** SHA-256 of the message; equal for drafts with equal contents. */
export function payloadHash(draft: Draft): string {
  const payload = [draft.email, draft.name ?? null, draft.subject ?? null, draft.contents];
  return createHash('sha256').update(JSON.stringify(payload)).digest('hex');
}
