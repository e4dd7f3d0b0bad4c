import { limits } from '../config/limits.ts';
import { textFields } from '../lib/form-fields.ts';
import { mediaTypeOf } from '../lib/media-type.ts';
import { readBody } from './body.ts';
import { rejectCrossOrigin } from './csrf.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

const formTypes = new Set(['multipart/form-data', 'application/x-www-form-urlencoded']);

/**
 * Reads the text fields of a form posted by a page of this site, URL-encoded or multipart. Empty fields are left out.
 *
 * @throws HttpError `cross_origin`, `unsupported_media_type`, `payload_too_large` or `invalid_input`
 */
export async function readForm(request: HttpRequest, siteUrl: string): Promise<Record<string, string>> {
  rejectCrossOrigin(request, { siteUrl, allowedOrigins: [] });
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
  return Object.fromEntries(textFields(form));
}
