import ipaddr from 'ipaddr.js';

/** What requests without a usable address share. */
export const unknownAddress = 'unknown';

/**
 * The address a request came from, normalised so that one client is one key: IPv4 as it is, IPv6 by its /64,
 * which is what a single subscriber has.
 *
 * The list in X-Forwarded-For ends with the peer of this server. Each trusted proxy before it accounts for
 * one more entry from the right; what stands further left was written by the client and is not read.
 *
 * @param trustedHops how many proxies of the operator's stand before this server
 */
export function clientAddressOf(headers: Headers, trustedHops: number): string {
  const entries = headers.get('x-forwarded-for')?.split(',') ?? [];
  return normaliseAddress(entries.at(-1 - trustedHops) ?? '');
}

/** @returns `unknown` for what is not an address */
export function normaliseAddress(text: string): string {
  const address = text
    .trim()
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1');
  if (!ipaddr.isValid(address) || (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address))) {
    return unknownAddress;
  }
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}
