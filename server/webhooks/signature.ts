import { createHmac, timingSafeEqual } from 'node:crypto';
import { limits } from '../config/limits.ts';
import { rejected } from './delivery.ts';

/** Returns the HMAC-SHA256 of the parts, one after the other. */
function hmacSha256(
  secret: string | Uint8Array,
  parts: readonly (string | Uint8Array)[],
): Uint8Array<ArrayBuffer> {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Returns whether a signature is one of those given. Each comparison takes constant time. */
export function isOneOf(signature: Uint8Array, given: readonly Uint8Array[]): boolean {
  return given.some((each) => each.length === signature.length && timingSafeEqual(each, signature));
}

/** @throws AppError `unauthorized` unless a signature is the HMAC-SHA256 of the parts with one of the secrets */
export function requireHmac(
  secrets: readonly string[],
  parts: readonly (string | Uint8Array)[],
  given: readonly Uint8Array[],
): void {
  if (!secrets.some((secret) => isOneOf(hmacSha256(secret, parts), given))) throw rejected();
}

const hexSha256 = /^[\da-f]{64}$/i;

/** Returns the bytes of hexadecimal SHA-256 signatures. Other texts are left out. */
export function fromHex(texts: readonly string[]): Uint8Array[] {
  return texts.filter((text) => hexSha256.test(text)).map((text) => Buffer.from(text, 'hex'));
}

export const isUnixSeconds = (text: string) => /^\d{1,12}$/.test(text);

/** @throws AppError `unauthorized` unless a time in Unix seconds is close to now */
export function requireRecent(seconds: string, now: number): void {
  const { tolerance } = limits.webhook;
  if (isUnixSeconds(seconds) && Math.abs(now - Number(seconds) * 1_000) <= tolerance) return;
  throw rejected(`The timestamp is more than ${tolerance / 60_000} minutes away from this server's clock.`);
}

/** Returns a text in a parsed body, or undefined if there is none at this path. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return typeof current === 'string' ? current : undefined;
}
