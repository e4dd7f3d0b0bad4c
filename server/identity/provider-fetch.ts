import { limits } from '../config/limits.ts';
import { isLoopbackHost } from '../lib/network-address.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import { UpstreamFailure } from '../upstream-client/failure.ts';

/** The request that openid-client makes. */
type ProviderRequest = {
  method: string;
  headers: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
};

/** Name of the provider in metrics and traces. */
const name = 'identity';

/**
 * Returns the `fetch` with which openid-client calls the provider: with the address guard, circuit breaker, deadline and
 * size limit of all upstreams. The metadata of the provider name further URLs, which may be on this machine only if the
 * issuer is, too.
 */
export function providerFetch(
  upstreams: Pick<UpstreamClient, 'fetchText'>,
  issuer: string,
): (url: string, request: ProviderRequest) => Promise<Response> {
  const isOnThisMachine = isLoopbackHost(new URL(issuer).hostname);
  return async (url, { method, headers, body, signal }) => {
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`unexpected method ${method}`);
    if (isLoopbackHost(new URL(url).hostname) && !isOnThisMachine) throw new UpstreamFailure('address');
    const response = await upstreams.fetchText(
      name,
      { method, url, headers, ...(body == null ? {} : { body: String(body) }) },
      {
        signal,
        deadline: limits.identity.providerTimeout,
        maxBytes: limits.identity.providerResponseBytes,
      },
    );
    return new Response(response.status === 204 ? null : response.text, {
      status: response.status,
      headers: response.headers,
    });
  };
}
