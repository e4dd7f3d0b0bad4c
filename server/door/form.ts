import { textFields } from '../form-fields.ts';
import { limits } from '../limits.ts';
import { readBody } from './body.ts';
import type { DoorRequest } from './door-request.ts';
import { refuseCrossOrigin } from './origin.ts';
import { Refusal } from './refusal.ts';

/**
 * The text fields of a form that a page of this site posted, URL-encoded or multipart. Fields sent empty
 * count as not given.
 *
 * @throws Refusal `cross_origin`, `unsupported_media_type`, `payload_too_large` or `invalid_input`
 */
export async function readForm(request: DoorRequest, siteUrl: string): Promise<Record<string, string>> {
  refuseCrossOrigin(request, { siteUrl, allowedOrigins: [] });
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\s*(;|$)/i.test(contentType)) {
    throw new Refusal('unsupported_media_type', { message: 'Send a form.' });
  }
  const body =
    (await readBody(request, { maxBytes: limits.formBodyBytes, deadline: limits.bodyDeadline })) ??
    new Uint8Array();
  const form = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new Refusal('invalid_input', { message: 'The form cannot be read.', cause });
    });
  return Object.fromEntries(textFields(form));
}
