import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { HeaderLookup } from './request.ts';

/** What requests without a usable address share. */
export const unknownAddress = 'unknown';

/** IPv6 with an embedded IPv4 and a zone, in brackets with a port, and room for spaces. */
const longestAddress = 128;

/**
 * The address a request came from, normalised so that one client is one key: IPv4 as it is, IPv6 by its /64,
 * which is what a single subscriber has.
 *
 * The list in X-Forwarded-For ends with the peer of this server. Each trusted proxy before it accounts for
 * one more entry from the right; what stands further left was written by the client and is not read.
 *
 * @param trustedHops how many proxies of the operator's stand before this server
 */
export function clientAddressOf(headers: HeaderLookup, trustedHops: number): string {
  const entries = headers.get('x-forwarded-for')?.split(',') ?? [];
  return normaliseAddress(entries.at(-1 - trustedHops) ?? '');
}

/** The same few callers come again and again. */
const normalised = new LRUCache<string, string>({ max: limits.rememberedAddresses });

/** @returns `unknown` for what is not an address */
export function normaliseAddress(text: string): string {
  // Nobody's address is longer; what is, is not kept.
  if (text.length > longestAddress) return unknownAddress;
  const known = normalised.get(text);
  if (known !== undefined) return known;
  const address = normalise(text);
  normalised.set(text, address);
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
