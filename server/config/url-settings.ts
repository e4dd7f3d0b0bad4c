import { z } from 'zod';
import { trimEnd } from '../lib/trim-end.ts';

/** An `http://` or `https://` URL. */
export const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'must be an http:// or https:// URL',
  // The refinements below parse the URL.
  abort: true,
});

/** Returns whether a URL has neither a user name nor a password. */
export function withoutCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

/** An origin with an optional path prefix, without query or fragment. Trailing slashes are removed. */
export const baseUrl = httpUrl
  .refine((value) => !/[?#]/.test(value), 'must not have a query or fragment')
  .refine(withoutCredentials, 'must not contain a user name or password')
  .transform((value) => trimEnd(value, '/'));
