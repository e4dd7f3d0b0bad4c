import type { IncomingHttpHeaders } from 'node:http';

/** Headers that only the operator's proxies may set. */
const proxyHeaders = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Makes the forwarding headers trustworthy. X-Forwarded-For ends with the peer of the socket, and before it come only
 * the entries of the operator's proxies. Without such proxies, all forwarding headers from the client are removed.
 *
 * @param trustedHops number of the operator's proxies in front of this server
 */
export function setForwardedFor(
  headers: IncomingHttpHeaders,
  peer: string | undefined,
  trustedHops: number,
): void {
  const last = peer ?? 'unknown';
  if (trustedHops === 0) {
    headers['x-forwarded-for'] = last;
    for (const name of proxyHeaders) if (name in headers) delete headers[name];
    return;
  }
  const entries = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  headers['x-forwarded-for'] = [...entries.slice(-trustedHops), last].join(', ');
}
