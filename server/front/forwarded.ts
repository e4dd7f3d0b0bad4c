import type { IncomingHttpHeaders } from 'node:http';

/** What only a proxy of the operator's may say. */
const proxyHeaders = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Makes the forwarding headers true: X-Forwarded-For ends with the peer of the socket, before it only what the
 * operator's own proxies wrote, and without such proxies nothing that a client wrote about itself is left.
 *
 * @param trustedHops how many proxies of the operator's stand before this server
 */
export function setForwardedFor(
  headers: IncomingHttpHeaders,
  peer: string | undefined,
  trustedHops: number,
): void {
  const given = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const trusted = trustedHops === 0 ? [] : given.slice(-trustedHops);
  headers['x-forwarded-for'] = [...trusted, peer ?? 'unknown'].join(', ');
  if (trustedHops === 0) for (const name of proxyHeaders) delete headers[name];
}
