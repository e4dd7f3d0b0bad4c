import { createHash } from 'node:crypto';

/** A service key for all endpoints of the proxy that are not public. Every product of the tests accepts it. */
export const proxyKey = 'proxy-key-of-the-tests';

/** Its entry in SERVICE_KEYS. */
export const proxyKeyEntry = `proxy:${createHash('sha256').update(proxyKey).digest('hex')}:proxy.github+proxy.files`;

export const proxyAuthorization = { authorization: `Bearer ${proxyKey}` };
