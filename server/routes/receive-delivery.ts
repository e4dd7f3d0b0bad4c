import { limits } from '../config/limits.ts';
import { productName } from '../config/product-name.ts';
import { isAppError } from '../errors.ts';
import { readBody } from '../http/body.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import type { Metrics, WebhookOutcome } from '../metrics.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import { enforce, takeShare } from '../rate-limit/enforce.ts';
import type { Services } from '../services.ts';

/** The services that receive signed requests of other systems. */
export type ReceivingServices = Pick<Services, 'rateLimiter'> & {
  metrics: Pick<Metrics, 'rateLimited' | 'webhookEnded'>;
  shares: Pick<Services['shares'], 'deliveries'>;
};

type Receiver = {
  /** Name of the webhook in metrics. */
  webhook: string;
  scope: RequestScope;
  services: ReceivingServices;
  /** @throws HttpError `unauthorized` */
  principal: () => Principal;
  /** Maximum size of the body. */
  bodyBytes: number;
  /**
   * Verifies and takes a delivery.
   *
   * @param now time of day in milliseconds since the epoch
   * @throws AppError
   */
  take(body: Uint8Array, now: number): Promise<{ outcome: WebhookOutcome; response: unknown }>;
};

/** Every 401 must carry a challenge (RFC 9110, section 15.5.2). */
const challenge = { 'www-authenticate': `HMAC-SHA256 realm="${productName}"` };

/** Receives a signed request of another system within limits. `take` runs once the body is complete. */
export async function receiveDelivery(request: HttpRequest, receiver: Receiver): Promise<HttpResponse> {
  const { webhook, services } = receiver;
  try {
    const { outcome, response } = await receive(request, receiver);
    services.metrics.webhookEnded(webhook, outcome);
    return jsonResponse(response, { headers: { 'cache-control': 'no-store' } });
  } catch (error) {
    services.metrics.webhookEnded(webhook, isAppError(error) ? error.reason : 'internal');
    throw withChallenge(error);
  }
}

async function receive(request: HttpRequest, { scope, services, principal, bodyBytes, take }: Receiver) {
  if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });
  scope.principal = principal();
  const { rateLimiter, metrics } = services;
  await enforce({ principal: scope.principal, scope, rateLimiter, metrics }, 'webhook');
  checkContentEncoding(request);
  const release = takeShare(services.shares.deliveries, scope.principal);
  try {
    const reading = readBody(request, { maxBytes: bodyBytes, deadline: limits.bodyDeadline });
    const body = (await reading) ?? new Uint8Array();
    scope.bytesIn = body.byteLength;
    return await take(body, Date.now());
  } finally {
    release();
  }
}

/** The error of a signature says how to authenticate. That of a service key already does. */
function withChallenge(error: unknown): unknown {
  if (!isAppError(error) || error.reason !== 'unauthorized' || error instanceof HttpError) return error;
  return new HttpError('unauthorized', { message: error.message, headers: challenge });
}
