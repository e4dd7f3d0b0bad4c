import type { IncomingHttpHeaders } from 'node:http';
import { unknownAddress } from '../http/client-address.ts';
import { isLoopbackAddress } from '../lib/network-address.ts';

/** Headers that only the operator's proxies may set. */
const proxyHeaders = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Makes the forwarding headers trustworthy. X-Forwarded-For ends with the peer of the socket, and before it come only
 * the entries of the operator's proxies. Without such proxies, all forwarding headers from the client are removed.
 *
 * A peer on this machine that sends such headers without being configured is probably a proxy. Its callers must not
 * count as local, so their address is `unknown`.
 *
 * @param trustedHops number of the operator's proxies in front of this server
 * @returns whether an X-Forwarded-For was ignored
 */
export function setForwardedFor(
  headers: IncomingHttpHeaders,
  peer: string | undefined,
  trustedHops: number,
): boolean {
  const last = peer ?? unknownAddress;
  if (trustedHops === 0) {
    const isForwarded = 'x-forwarded-for' in headers;
    const isProxied = isForwarded || 'via' in headers || proxyHeaders.some((name) => name in headers);
    headers['x-forwarded-for'] = isProxied && isLoopbackAddress(last) ? unknownAddress : last;
    for (const name of proxyHeaders) if (name in headers) delete headers[name];
    return isForwarded;
  }
  const entries = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  headers['x-forwarded-for'] = [...entries.slice(-trustedHops), last].join(', ');
  return false;
}
