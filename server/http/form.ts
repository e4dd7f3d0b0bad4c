import { limits } from '../config/limits.ts';
import { textFields } from '../lib/form-fields.ts';
import { readBody } from './body.ts';
import { rejectCrossOrigin } from './csrf.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/**
 * The text fields of a form that a page of this site posted, URL-encoded or multipart. Fields sent empty
 * count as not given.
 *
 * @throws Refusal `cross_origin`, `unsupported_media_type`, `payload_too_large` or `invalid_input`
 */
export async function readForm(request: HttpRequest, siteUrl: string): Promise<Record<string, string>> {
  rejectCrossOrigin(request, { siteUrl, allowedOrigins: [] });
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\s*(;|$)/i.test(contentType)) {
    throw new HttpError('unsupported_media_type', { message: 'Send a form.' });
  }
  const body =
    (await readBody(request, { maxBytes: limits.formBodyBytes, deadline: limits.bodyDeadline })) ??
    new Uint8Array();
  const form = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new HttpError('invalid_input', { message: 'The form cannot be read.', cause });
    });
  return Object.fromEntries(textFields(form));
}
