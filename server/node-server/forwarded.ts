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
  const last = peer ?? 'unknown';
  if (trustedHops === 0) {
    headers['x-forwarded-for'] = last;
    for (const name of proxyHeaders) if (name in headers) delete headers[name];
    return;
  }
  const given = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  headers['x-forwarded-for'] = [...given.slice(-trustedHops), last].join(', ');
}
