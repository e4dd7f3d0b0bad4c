import { limits } from '../config/limits.ts';
import { revalidateEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import { replayed, verifySignature } from '../http/webhook-signature.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';
import { checkContentEncoding } from '../trpc/http/parse-request.ts';

/** `/api/revalidate`: another system says, with a signature, that the feed has changed. What the body says is not read. */
export function handleRevalidate(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: revalidateEndpoint, handler: answer }, services());
}

async function answer(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, feed, replays } = services();
  const secret = env.REVALIDATE_SECRET;
  if (secret === undefined) throw new HttpError('not_found');
  if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });

  const principal = authenticate(request, env);
  scope.principal = principal;
  await enforce({ principal, scope, services: services() }, 'light');

  checkContentEncoding(request);
  const { bodyBytes: maxBytes } = limits.webhook;
  const body = (await readBody(request, { maxBytes, deadline: limits.bodyDeadline })) ?? new Uint8Array();
  scope.bytesIn = body.byteLength;
  const signature = verifySignature(request, { body, secret });
  if (!(await replays.use(signature))) throw replayed();

  const { shared } = await feed.revalidate();
  return jsonResponse(
    { revalidated: true, instances: shared ? 'all' : 'this' },
    { headers: { 'cache-control': 'no-store' } },
  );
}
