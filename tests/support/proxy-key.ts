import { createHash } from 'node:crypto';
import { proxiedUpstreams } from '#server/upstreams/index.ts';

/** The scopes for all endpoints of the proxy, joined by `+`. */
export const proxyScopes = Object.keys(proxiedUpstreams)
  .map((name) => `proxy.${name}`)
  .join('+');

/** A service key for all endpoints of the proxy that are not public. Every product of the tests accepts it. */
export const proxyKey = 'proxy-key-of-the-tests';

/** Its entry in SERVICE_KEYS. */
export const proxyKeyEntry = ['proxy', createHash('sha256').update(proxyKey).digest('hex'), proxyScopes].join(
  ':',
);

export const proxyAuthorization = { authorization: `Bearer ${proxyKey}` };
