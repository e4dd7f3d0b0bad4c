import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from '../config/limits.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

const timestampHeader = 'x-bff-timestamp';
const signatureHeader = 'x-bff-signature';

/** Every 401 must carry a challenge (RFC 9110, section 15.5.2). */
const headers = { 'www-authenticate': 'HMAC-SHA256 realm="typed-bff"' };

/**
 * Verifies the signature of a webhook. `x-bff-signature` is `sha256=` followed by the hexadecimal HMAC-SHA256 of
 * `<x-bff-timestamp>.<body>` under the shared secret. The timestamp is in Unix seconds and must be close to this
 * server's clock. The signature is compared in constant time.
 *
 * @returns the signature, which the caller must accept only once
 * @throws HttpError `unauthorized`
 */
export function verifySignature(
  request: HttpRequest,
  { body, secret, now = Date.now() }: { body: Uint8Array; secret: string; now?: number },
): string {
  const timestamp = request.headers.get(timestampHeader) ?? '';
  const signature = /^sha256=([\da-f]{64})$/i.exec(request.headers.get(signatureHeader) ?? '')?.[1];
  if (!signature || !/^\d{1,12}$/.test(timestamp)) {
    throw new HttpError('unauthorized', {
      message: `Send ${timestampHeader} (Unix seconds) and ${signatureHeader} (sha256=…).`,
      headers,
    });
  }
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    throw new HttpError('unauthorized', { message: 'The signature is not valid.', headers });
  }
  if (Math.abs(now - Number(timestamp) * 1000) > limits.webhook.tolerance) {
    throw new HttpError('unauthorized', {
      message: `The timestamp is more than ${limits.webhook.tolerance / 60_000} minutes away from this server's clock.`,
      headers,
    });
  }
  return signature.toLowerCase();
}

/** Returns the error for a signature that was used before. */
export function replayedSignature(): HttpError {
  const message = 'This signature was used before. Sign the request again.';
  return new HttpError('unauthorized', { message, headers });
}
