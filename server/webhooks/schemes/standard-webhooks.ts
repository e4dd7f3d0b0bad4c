import { isUtf8 } from 'node:buffer';
import { Webhook } from 'standardwebhooks';
import { isStandardSecret } from '../../lib/webhook-secret.ts';
import { type Delivery, rejected, type Scheme } from '../delivery.ts';
import { isOneOf, isUnixSeconds, requireRecent, textAt } from '../signature.ts';

/**
 * Verifies a signature of Standard Webhooks 1.0.0, version 1 (HMAC-SHA256).
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param keyOf makes a key of a secret
 * @returns the id of the message, and the signature
 * @throws AppError `unauthorized`
 */
export function verifyStandardSignature(
  { headers, body, secrets, now }: Delivery,
  keyOf: (secret: string) => Webhook,
): { id: string; signature: Uint8Array } {
  const id = headers.get('webhook-id') ?? '';
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const given = (headers.get('webhook-signature') ?? '').split(' ').flatMap(fromVersion1);
  if (id === '' || !isUnixSeconds(timestamp) || given.length === 0) {
    throw rejected('Send webhook-id, webhook-timestamp (Unix seconds) and webhook-signature (v1,…).');
  }
  requireRecent(timestamp, now);
  // The library decodes the body as UTF-8 and would take other bytes for the same text.
  if (!isUtf8(body)) throw rejected();
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const sentAt = new Date(Number(timestamp) * 1_000);
  for (const secret of secrets) {
    const [signature] = fromVersion1(keyOf(secret).sign(id, sentAt, bytes));
    if (signature && isOneOf(signature, given)) return { id, signature };
  }
  throw rejected();
}

function fromVersion1(signature: string): Uint8Array[] {
  const base64 = /^v1,([A-Za-z\d+/]{43}=)$/.exec(signature)?.[1];
  return base64 === undefined ? [] : [Buffer.from(base64, 'base64')];
}

/** The secret is `whsec_` and the key in Base64, as senders show it. */
export const standardWebhooks: Scheme = {
  verify(delivery) {
    const { id } = verifyStandardSignature(delivery, (secret) => new Webhook(secret));
    return { id, type: textAt(delivery.json(), 'type') };
  },
  problemOf: (secret) => (isStandardSecret(secret) ? undefined : 'be whsec_ followed by Base64'),
};
