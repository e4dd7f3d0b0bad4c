import { z } from 'zod';

/** Field schemas for feeds that others write: they forgive what can be read in one way only. */

/** A text, or undefined for anything else: for fields a feed can do without. */
export const optionalText = z.string().trim().min(1).optional().catch(undefined);

/** BCP 47, such as `en` or `de-CH`. */
export const languageTag = z
  .string()
  .regex(/^[a-z]{2,8}(-[a-z\d]{1,8})*$/i)
  .optional()
  .catch(undefined);

export const textList = z.array(z.string().trim().min(1)).catch([]);

const author = (base: string) =>
  z.object({ name: z.string().trim().min(1), url: webUrl(base).optional().catch(undefined) });

/** Those authors that have a name. */
export function authorList(base: string) {
  return z
    .array(author(base).nullable().catch(null))
    .catch([])
    .transform((authors) =>
      authors.flatMap((one) => (one ? [{ name: one.name, ...(one.url ? { url: one.url } : {}) }] : [])),
    );
}

/** JSON Feed asks readers to take a number for an id as its digits. */
export const identifier = z.union([z.string().trim().min(1), z.number().transform(String)]);

/** An absolute http or https URL; a relative one counts from `base`. */
export function webUrl(base: string) {
  return z.string().transform((value, context) => {
    const url = URL.parse(value.trim(), base);
    if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
    context.addIssue('must be an http or https URL');
    return z.NEVER;
  });
}

// A time without an offset would mean this server's time zone, so that the same feed differs from host to host.
const isoWithoutOffset = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;

/** RFC 3339 or RFC 822, of the years 1 to 9999 (no feed format can write others). */
export const timestamp = z.string().transform((value, context) => {
  const text = value.trim();
  const date = new Date(isoWithoutOffset.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  const year = date.getUTCFullYear();
  if (year >= 1 && year <= 9999) return date;
  context.addIssue('must be a date');
  return z.NEVER;
});
