import { webhooksEndpoint } from '../config/paths.ts';
import { visitorPrincipal } from '../http/authenticate.ts';
import { type HttpServices, handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { type Services, services } from '../services.ts';
import type { Webhook } from '../webhooks/define-webhook.ts';
import { type ReceivingServices, receiveDelivery } from './receive-delivery.ts';

/** The services that the route needs. */
export type WebhookServices = HttpServices &
  ReceivingServices &
  Pick<Services, 'env' | 'webhooks'> & { metrics: HttpServices['metrics'] };

/** `/api/webhooks/<name>`: receives the webhooks of `server/custom/webhooks.ts`. */
export function handleWebhook(request: HttpRequest): Promise<HttpResponse> {
  return respondToWebhook(request, services());
}

/** The same, with services of the caller's choice. */
export function respondToWebhook(request: HttpRequest, given: WebhookServices): Promise<HttpResponse> {
  const webhook = URL.canParse(request.url) ? given.webhooks.find(nameIn(request)) : undefined;
  return handleRequest(
    request,
    {
      // The name comes from the declaration, not from the request.
      name: `${webhooksEndpoint}/${webhook ? webhook.name : '[name]'}`,
      handler: async (_, scope) => {
        if (!webhook) throw new HttpError('not_found');
        return receive(webhook, { request, scope, services: given });
      },
    },
    given,
  );
}

function receive(
  webhook: Webhook,
  { request, scope, services }: { request: HttpRequest; scope: RequestScope; services: WebhookServices },
): Promise<HttpResponse> {
  const { env, webhooks } = services;
  return receiveDelivery(request, {
    webhook: webhook.name,
    scope,
    services,
    // A sender can use Authorization for purposes of its own.
    principal: () => visitorPrincipal(request.headers, env.TRUSTED_PROXY_HOPS),
    bodyBytes: webhook.bodyBytes,
    take: (body, now) => webhooks.accept(webhook, { headers: request.headers, body, now }),
  });
}

function nameIn(request: HttpRequest): string {
  return targetOf(request).pathname.slice(webhooksEndpoint.length + 1);
}
