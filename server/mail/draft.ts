import { createHash } from 'node:crypto';

/** What a visitor wants sent, checked by the procedure's schema. */
export type Draft = {
  /** The visitor's address: where a reply goes. */
  email: string;
  contents: string;
  name?: string | undefined;
  subject?: string | undefined;
  /** The same key with the same draft is one mail, however often it is sent. */
  idempotencyKey?: string | undefined;
};

/** Tells whether two drafts say the same: SHA-256 over everything but the key. */
export function payloadHash(draft: Draft): string {
  const payload = [draft.email, draft.name ?? null, draft.subject ?? null, draft.contents];
  return createHash('sha256').update(JSON.stringify(payload)).digest('hex');
}
