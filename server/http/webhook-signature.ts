import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from '../config/limits.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

export const timestampHeader = 'x-bff-timestamp';
export const signatureHeader = 'x-bff-signature';

/** HTTP asks for a challenge in every 401 (RFC 9110, 15.5.2). */
const headers = { 'www-authenticate': 'HMAC-SHA256 realm="typed-bff"' };

/**
 * Checks who sent a webhook: `x-bff-signature` is `sha256=` and, in hexadecimal, the HMAC-SHA256 of
 * `<x-bff-timestamp>.<body>` under the shared secret; the timestamp is in Unix seconds and near this clock. The
 * comparison takes the same time whatever differs.
 *
 * @returns the signature, which is good for one call only
 * @throws Refusal `unauthorized`
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

/** The refusal of a signature that has come before. */
export function replayed(): HttpError {
  return new HttpError('unauthorized', { message: 'This signature was used before. Sign anew.', headers });
}
