import { Webhook } from 'standardwebhooks';
import { type Delivery, rejected } from './delivery.ts';
import { verifyStandardSignature } from './schemes/standard-webhooks.ts';
import { fromHex, isUnixSeconds, requireHmac, requireRecent } from './signature.ts';

const timestampHeader = 'x-bff-timestamp';
const signatureHeader = 'x-bff-signature';
const prefix = 'sha256=';

/**
 * Verifies a call of `/api/revalidate`, which is signed in one of two ways:
 *
 * - `x-bff-signature` is `sha256=` followed by the hexadecimal HMAC-SHA256 of `<x-bff-timestamp>.<body>`, and the timestamp
 *   is in Unix seconds;
 * - as Standard Webhooks demand. A secret without the prefix `whsec_` is the key as it is.
 *
 * @returns the signature in one form, which the caller must accept only once
 * @throws AppError `unauthorized`
 */
export function verifyRevalidation(delivery: Delivery): string {
  const isStandard = delivery.headers.get('webhook-signature') !== null;
  const signature = isStandard
    ? verifyStandardSignature(delivery, keyOf).signature
    : verifyOwnSignature(delivery);
  return Buffer.from(signature).toString('hex');
}

function keyOf(secret: string): Webhook {
  return secret.startsWith('whsec_')
    ? new Webhook(secret)
    : new Webhook(Buffer.from(secret), { format: 'raw' });
}

function verifyOwnSignature({ headers, body, secrets, now }: Delivery): Uint8Array {
  const timestamp = headers.get(timestampHeader) ?? '';
  const header = headers.get(signatureHeader) ?? '';
  const [given] = header.startsWith(prefix) ? fromHex([header.slice(prefix.length)]) : [];
  if (!given || !isUnixSeconds(timestamp)) {
    throw rejected(`Send ${timestampHeader} (Unix seconds) and ${signatureHeader} (sha256=…).`);
  }
  requireHmac(secrets, [`${timestamp}.`, body], [given]);
  requireRecent(timestamp, now);
  return given;
}
