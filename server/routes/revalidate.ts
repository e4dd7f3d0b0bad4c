import { limits } from '../config/limits.ts';
import { revalidateEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { services } from '../services.ts';
import { rejected, toDelivery } from '../webhooks/delivery.ts';
import { verifyRevalidation } from '../webhooks/revalidation.ts';
import { receiveDelivery } from './receive-delivery.ts';

/**
 * `/api/revalidate`: receives the signed webhook that the feed has changed. The content of the body is ignored. It is no
 * job, because the sender gets the outcome.
 */
export function handleRevalidate(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: revalidateEndpoint, handler: receive }, services());
}

async function receive(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, feed, replays } = services();
  const secret = env.REVALIDATE_SECRET;
  if (secret === undefined) throw new HttpError('not_found');
  return receiveDelivery(request, {
    webhook: 'revalidate',
    scope,
    services: services(),
    principal: () => authenticate(request, env),
    bodyBytes: limits.webhook.revalidationBytes,
    async take(body, now) {
      const { headers } = request;
      const delivery = toDelivery({ headers, body, secrets: [secret], now });
      if (!(await replays.use(verifyRevalidation(delivery)))) {
        throw rejected('This signature was used before. Sign the request again.');
      }
      const { shared } = await feed.revalidate();
      return { outcome: 'accepted', response: { revalidated: true, instances: shared ? 'all' : 'this' } };
    },
  });
}
