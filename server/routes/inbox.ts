import { z } from 'zod';
import { inboxEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import type { Handler } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import { fieldErrorsOf } from '../lib/field-errors.ts';
import { headersOf } from '../mail/message-headers.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';
import { handleGet } from './get-only.ts';

const text = z.string().max(500).optional();

const querySchema = z.strictObject({
  id: text,
  to: text,
  from: text,
  subject: text,
  q: text,
  limit: z.coerce.number('must be a number').int().min(1).max(50).default(10),
});

/**
 * `/api/inbox`: the mails of the inbox as JSON, newest first, for end-to-end tests. It changes nothing, and it does not exist
 * where mails are sent.
 */
export function handleInbox(request: HttpRequest): Promise<HttpResponse> {
  const handler: Handler = async (_, scope) => {
    const { env, mail, rateLimiter, metrics } = services();
    const { inbox } = mail;
    if (!inbox) throw new HttpError('not_found');
    rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
    const principal = authenticate(request, env);
    scope.principal = principal;
    await enforce({ principal, scope, rateLimiter, metrics }, 'light');
    const { id, q: words, limit, ...fields } = readQuery(request);
    const ids = id === undefined ? await inbox.list({ ...fields, words }) : [{ id }];
    const messages = await Promise.all(ids.slice(0, limit).map((entry) => inbox.get(entry.id)));
    const mails = messages
      .filter((message) => message !== undefined)
      .map((message) => ({ ...message, headers: headersOf(message.raw) }));
    return jsonResponse({ mails }, { headers: { 'cache-control': 'no-store' } });
  };
  return handleGet(request, inboxEndpoint, handler);
}

/** @throws HttpError `invalid_input` that names the parameters that are invalid, unknown or repeated */
function readQuery(request: HttpRequest): z.output<typeof querySchema> {
  const { searchParams } = targetOf(request);
  const given = [...new Set(searchParams.keys())].map((name) => {
    const values = searchParams.getAll(name);
    return [name, values.length === 1 ? values[0] : values];
  });
  const parsed = querySchema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw new HttpError('invalid_input', { fieldErrors: fieldErrorsOf(parsed.error) });
}
