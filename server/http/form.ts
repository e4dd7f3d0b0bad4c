import { limits } from '../config/limits.ts';
import { fieldErrorsFrom, unknownField } from '../lib/field-errors.ts';
import { readFields } from '../lib/form-fields.ts';
import { mediaTypeOf } from '../lib/media-type.ts';
import { readBody } from './body.ts';
import { rejectCrossOrigin } from './csrf.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

const formTypes = new Set(['multipart/form-data', 'application/x-www-form-urlencoded']);

/**
 * Reads the text fields of a form posted by a page of this site, URL-encoded or multipart. Empty fields are left out.
 *
 * @param options.fields the fields that the form may have
 * @throws HttpError `cross_origin`, `unsupported_media_type` or `payload_too_large`; `invalid_input` if the form is
 * malformed, or if it has files, unknown fields or repeated fields, which are named
 */
export async function readForm<Field extends string>(
  request: HttpRequest,
  options: { siteUrl: string; fields: readonly Field[] },
): Promise<Partial<Record<Field, string>>> {
  rejectCrossOrigin(request, { siteUrl: options.siteUrl, allowedOrigins: [] });
  const contentType = request.headers.get('content-type') ?? '';
  if (!formTypes.has(mediaTypeOf(contentType))) {
    throw new HttpError('unsupported_media_type', { message: 'Send a form.' });
  }
  const body =
    (await readBody(request, { maxBytes: limits.formBodyBytes, deadline: limits.bodyDeadline })) ??
    new Uint8Array();
  const form = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new HttpError('invalid_input', { message: 'The form is malformed.', cause });
    });
  const read = readFields(form);
  if (!read.ok) throw new HttpError('invalid_input', { fieldErrors: read.fieldErrors });
  return requireKnown(read.fields, options.fields);
}

/** @throws HttpError `invalid_input` that names the unknown fields */
function requireKnown<Field extends string>(
  given: Record<string, string>,
  known: readonly Field[],
): Partial<Record<Field, string>> {
  const fields: Partial<Record<Field, string>> = {};
  const unknown: [string, string][] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = known.find((candidate) => candidate === name);
    if (field) fields[field] = value;
    else unknown.push([name, unknownField]);
  }
  if (unknown.length > 0) throw new HttpError('invalid_input', { fieldErrors: fieldErrorsFrom(unknown) });
  return fields;
}
