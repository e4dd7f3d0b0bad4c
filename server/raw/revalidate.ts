import { chargeLimit } from '../charge-limit.ts';
import { type Answer, jsonAnswer } from '../door/answer.ts';
import { readBody } from '../door/body.ts';
import type { DoorRequest } from '../door/door-request.ts';
import { principalOf } from '../door/principal.ts';
import { Refusal } from '../door/refusal.ts';
import { serve } from '../door/serve.ts';
import { checkContentEncoding } from '../door/trpc-calls.ts';
import { replayed, verifySignature } from '../door/webhook-signature.ts';
import { limits } from '../limits.ts';
import { revalidateEndpoint } from '../paths.ts';
import type { RequestScope } from '../request-scope.ts';
import { services } from '../services.ts';

/** `/api/revalidate`: another system says, with a signature, that the feed has changed. What the body says is not read. */
export function handleRevalidate(request: DoorRequest): Promise<Answer> {
  return serve(request, { name: revalidateEndpoint, handler: answer });
}

async function answer(request: DoorRequest, scope: RequestScope): Promise<Answer> {
  const { env, feed, replays } = services();
  const secret = env.REVALIDATE_SECRET;
  if (secret === undefined) throw new Refusal('not_found');
  if (request.method !== 'POST') throw new Refusal('method_not_allowed', { headers: { allow: 'POST' } });

  const principal = principalOf(request, env);
  scope.principal = principal;
  await chargeLimit({ principal, scope, services: services() }, 'light');

  checkContentEncoding(request);
  const { bodyBytes: maxBytes } = limits.webhook;
  const body = (await readBody(request, { maxBytes, deadline: limits.bodyDeadline })) ?? new Uint8Array();
  scope.bytesIn = body.byteLength;
  const signature = verifySignature(request, { body, secret });
  if (!(await replays.use(signature))) throw replayed();

  const { shared } = await feed.revalidate();
  return jsonAnswer(
    { revalidated: true, instances: shared ? 'all' : 'this' },
    { headers: { 'cache-control': 'no-store' } },
  );
}
