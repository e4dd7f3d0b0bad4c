import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { HeaderLookup } from './request.ts';

/** Key shared by all requests without a usable client address. */
export const unknownAddress = 'unknown';

/** Maximum length: IPv6 with an embedded IPv4 and a zone, in brackets with a port, and room for spaces. */
const maxAddressLength = 128;

/**
 * Returns the client address of a request, normalized so that one client maps to one key: IPv4 unchanged, IPv6
 * reduced to its /64, because a single subscriber owns a whole /64.
 *
 * The last entry of X-Forwarded-For is the peer of this server. Each trusted proxy adds one entry on the right; the
 * entries further left are written by the client and are ignored.
 *
 * @param trustedHops number of the operator's proxies in front of this server
 */
export function clientAddressOf(headers: HeaderLookup, trustedHops: number): string {
  const entries = headers.get('x-forwarded-for')?.split(',') ?? [];
  return normaliseAddress(entries.at(-1 - trustedHops) ?? '');
}

/** Normalized addresses by header text: most requests come from a few callers. */
const cache = new LRUCache<string, string>({ max: limits.rememberedAddresses });

/** @returns `unknown` if the text is not an IP address */
export function normaliseAddress(text: string): string {
  // No address is longer. Longer texts must not fill the cache.
  if (text.length > maxAddressLength) return unknownAddress;
  const cached = cache.get(text);
  if (cached !== undefined) return cached;
  const address = normalise(text);
  cache.set(text, address);
  return address;
}

function normalise(text: string): string {
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
