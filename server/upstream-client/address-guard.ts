import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Address4, Address6 } from 'ip-address';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/** A connection was rejected because its address is not public. */
export class AddressRejectedError extends Error {
  override readonly name = 'AddressRejectedError';
  readonly code = 'ERR_ADDRESS_REJECTED';
}

/** Metadata services of cloud platforms on otherwise public addresses. */
const metadataAddresses = new Set(['168.63.129.16']);
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Returns whether an address is on the public internet. Two libraries must agree, each with its own tables of the
 * special-purpose registries (RFC 6890). IPv6 addresses must also be in the range assigned for global unicast.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%') || metadataAddresses.has(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(globalUnicast) && new Address6(address).isGlobal();
  return new Address4(address).isGlobal();
}

export function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.process(address.replace(/%.*/, '')).range() === 'loopback';
}

/** Returns whether a configured hostname is `localhost` or a literal loopback address. DNS is not consulted. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(unbracketed(hostname));
}

export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Creates a connector that connects only to public addresses. The address is checked at connection time, so a
 * hostname that is rebound to a private address (DNS rebinding) is rejected too. If a hostname resolves to both public
 * and other addresses, the whole result is rejected.
 *
 * @param options.allowLoopback true if the configured origin is this machine
 * @param options.timeout of the connection attempt, in milliseconds
 * @param options.resolve resolves hostnames. Default: the system's resolver
 */
export function guardedConnector(options: {
  allowLoopback: boolean;
  timeout: number;
  resolve?: Resolve;
}): buildConnector.connector {
  const { allowLoopback, timeout, resolve = systemLookup } = options;
  const isAllowed = (address: string) =>
    isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowed(address))) {
        return callback(new AddressRejectedError('the hostname resolves to a non-public address'), []);
      }
      if (lookupOptions.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ allowH2: false, timeout, lookup });
  return (target, callback) => {
    // Node connects to literal addresses without calling `lookup`.
    const host = unbracketed(target.hostname);
    if (isIP(host) !== 0 && !isAllowed(host)) {
      queueMicrotask(() => callback(new AddressRejectedError('the address is not public'), null));
      return;
    }
    connect(target, callback);
  };
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
