import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Keyring } from './keyring.ts';

/** The parts of a session cookie: the id, and a secret of which the database has only the hash. */
export type SessionToken = { id: string; secret: string };

/** 16 bytes, 32 bytes and an 8-byte tag in base64url. */
const format = /^([\w-]{22})\.([\w-]{43})\.([\w-]{11})$/;

export function createSessionToken(): SessionToken {
  return { id: randomBytes(16).toString('base64url'), secret: randomSecret() };
}

/** Returns 32 random bytes in base64url. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Returns the cookie value of a token. */
export function formatSessionToken({ id, secret }: SessionToken, keyring: Pick<Keyring, 'tag'>): string {
  const text = `${id}.${secret}`;
  return `${text}.${keyring.tag(text)}`;
}

/**
 * Parses a cookie value.
 *
 * @returns undefined if this product did not make it: made-up values cost no query
 */
export function parseSessionToken(value: string, keyring: Pick<Keyring, 'hasTag'>): SessionToken | undefined {
  const [, id, secret, tag] = format.exec(value) ?? [];
  if (id === undefined || secret === undefined || tag === undefined) return undefined;
  return keyring.hasTag(`${id}.${secret}`, tag) ? { id, secret } : undefined;
}

/** Returns the hash of a random secret. A fast hash is enough for it. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function hasHash(secret: string, hash: string): boolean {
  const [given, stored] = [Buffer.from(hashOf(secret)), Buffer.from(hash)];
  return given.byteLength === stored.byteLength && timingSafeEqual(given, stored);
}
