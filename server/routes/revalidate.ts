import { limits } from '../config/limits.ts';
import { revalidateEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import { replayedSignature, verifySignature } from '../http/webhook-signature.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';

/** `/api/revalidate`: receives the signed webhook that the feed has changed. The content of the body is ignored. */
export function handleRevalidate(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: revalidateEndpoint, handler: handleWebhook }, services());
}

async function handleWebhook(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, feed, replays, rateLimiter, metrics } = services();
  const secret = env.REVALIDATE_SECRET;
  if (secret === undefined) throw new HttpError('not_found');
  if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });

  const principal = authenticate(request, env);
  scope.principal = principal;
  await enforce({ principal, scope, rateLimiter, metrics }, 'light');

  checkContentEncoding(request);
  const { bodyBytes: maxBytes } = limits.webhook;
  const body = (await readBody(request, { maxBytes, deadline: limits.bodyDeadline })) ?? new Uint8Array();
  scope.bytesIn = body.byteLength;
  const signature = verifySignature(request, { body, secret });
  if (!(await replays.use(signature))) throw replayedSignature();

  const { shared } = await feed.revalidate();
  return jsonResponse(
    { revalidated: true, instances: shared ? 'all' : 'this' },
    { headers: { 'cache-control': 'no-store' } },
  );
}
