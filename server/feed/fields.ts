import { z } from 'zod';

/** Field schemas for third-party feeds. They accept invalid values whose meaning is unambiguous. */

/** Text for an optional field; any other value becomes undefined. */
export const optionalText = z.string().trim().min(1).optional().catch(undefined);

/** BCP 47, such as `en` or `de-CH`. */
export const languageTag = z
  .string()
  .regex(/^[a-z]{2,8}(-[a-z\d]{1,8})*$/i)
  .optional()
  .catch(undefined);

export const textList = z.array(z.string().trim().min(1)).catch([]);

const authorSchema = (base: string) =>
  z.object({ name: z.string().trim().min(1), url: webUrl(base).optional().catch(undefined) });

/** A list of authors, without those that have no name. */
export function authorList(base: string) {
  return z
    .array(authorSchema(base).nullable().catch(null))
    .catch([])
    .transform((authors) =>
      authors.flatMap((author) =>
        author ? [{ name: author.name, ...(author.url ? { url: author.url } : {}) }] : [],
      ),
    );
}

/** An id. JSON Feed requires readers to convert a number to a string. */
export const identifier = z.union([z.string().trim().min(1), z.number().transform(String)]);

/** An http or https URL; a relative one is resolved against `base`. */
export function webUrl(base: string) {
  return z.string().transform((value, context) => {
    const url = URL.parse(value.trim(), base);
    if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
    context.addIssue('must be an http or https URL');
    return z.NEVER;
  });
}

// Date.parse reads a time without an offset in the server's time zone; treat it as UTC, so that all hosts agree.
const isoWithoutOffset = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;

/** An RFC 3339 or RFC 822 date of the years 1 to 9999 (no feed format can represent others). */
export const timestamp = z.string().transform((value, context) => {
  const text = value.trim();
  const date = new Date(isoWithoutOffset.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  const year = date.getUTCFullYear();
  if (year >= 1 && year <= 9999) return date;
  context.addIssue('must be a date');
  return z.NEVER;
});
