import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { mediaTypeOf } from '../lib/media-type.ts';
import { fromUnixTime, parseDate } from './date.ts';

/** Field schemas for third-party feeds. They accept invalid values whose meaning is unambiguous. */

const { htmlLength, listLength } = limits.feed;

/** Text for an optional field; any other value, or a text that is too long, becomes undefined. */
export const optionalText = z.string().max(htmlLength).trim().min(1).optional().catch(undefined);

/** BCP 47, such as `en` or `de-CH`. */
export const languageTag = z
  .string()
  .regex(/^[a-z]{2,8}(-[a-z\d]{1,8})*$/i)
  .optional()
  .catch(undefined);

/** A list of texts, without its other items. */
export const textList = z.preprocess(
  firstOf,
  z
    .array(optionalText)
    .catch([])
    .transform((texts) => texts.filter((text) => text !== undefined)),
);

/** Shortens a list to the length that is read. */
function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list.slice(0, listLength) : list;
}

/** An http or https URL for an optional field; any other value becomes undefined. */
export const optionalUrl = (base: string) => webUrl(base).optional().catch(undefined);

const authorSchema = (base: string) => z.object({ name: z.string().trim().min(1), url: optionalUrl(base) });

/** A list of authors, without those that have no name. */
export function authorList(base: string) {
  const schema = z
    .array(authorSchema(base).nullable().catch(null))
    .catch([])
    .transform((authors) =>
      authors.flatMap((author) =>
        author ? [{ name: author.name, ...(author.url ? { url: author.url } : {}) }] : [],
      ),
    );
  return z.preprocess(firstOf, schema);
}

/** A number of bytes or seconds, also as text; any other value becomes undefined. */
export const amount = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().nonnegative())
  .optional()
  .catch(undefined);

/** A media type without parameters, in lower case; any other value becomes that of unknown data. */
export const mediaType = z
  .string()
  .transform(mediaTypeOf)
  .pipe(z.string().regex(/^[\w.+-]+\/[\w.+-]+$/))
  .catch('application/octet-stream');

/** The values of a list that match a schema, without its other items. A single value is a list of one. */
export function listOf<T>(item: z.ZodType<T>) {
  return z
    .unknown()
    .optional()
    .transform((value) =>
      [firstOf(value)].flat().flatMap((element: unknown) => {
        const { data } = item.safeParse(element);
        return data === undefined ? [] : [data];
      }),
    );
}

/** An id. JSON Feed requires readers to convert a number to a string. */
export const optionalId = z
  .union([z.string().trim().min(1), z.number().transform(String)])
  .optional()
  .catch(undefined);

/** An http or https URL; a relative one is resolved against `base`. */
export function webUrl(base: string) {
  return z.string().transform((value, context) => {
    const url = URL.parse(value.trim(), base);
    if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
    context.addIssue('must be an http or https URL');
    return z.NEVER;
  });
}

/** A date for an optional field: text, or Unix time in seconds or milliseconds. Any other value becomes undefined. */
export const optionalTimestamp = z
  .union([z.string(), z.number()])
  .optional()
  .catch(undefined)
  .transform((value) => {
    if (value === undefined) return undefined;
    return (typeof value === 'string' ? parseDate(value) : fromUnixTime(value)) ?? undefined;
  });
