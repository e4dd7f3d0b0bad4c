import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Address4, Address6 } from 'ip-address';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/** A connection that was not made: the address is not one that upstreams may have. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ERR_ADDRESS_REFUSED';
}

/** A platform's metadata service on an otherwise public address. */
const notForOutside = new Set(['168.63.129.16']);
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is on the public internet. Two libraries must agree, each with its own tables of the
 * special-purpose registries (RFC 6890), and of IPv6 only what is assigned for global unicast counts.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%') || notForOutside.has(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(globalUnicast) && new Address6(address).isGlobal();
  return new Address4(address).isGlobal();
}

export function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.process(address.replace(/%.*/, '')).range() === 'loopback';
}

/** Whether a host of the operator's own setting says by itself that it is this machine. */
export function namesLoopback(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(unbracketed(hostname));
}

export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Connects to public addresses alone, checked when the connection is made, so that a name which resolves
 * elsewhere by then is refused too. An answer that mixes public and other addresses is refused whole.
 *
 * @param options.allowLoopback the operator named this machine
 * @param options.timeout for the connection, in milliseconds
 * @param options.resolve asks DNS; the system's resolver unless told otherwise
 */
export function guardedConnector(options: {
  allowLoopback: boolean;
  timeout: number;
  resolve?: Resolve;
}): buildConnector.connector {
  const { allowLoopback, timeout, resolve = systemLookup } = options;
  const mayConnect = (address: string) =>
    isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayConnect(address))) {
        return callback(new AddressRefusedError('a name resolves to an address that is not public'), []);
      }
      if (lookupOptions.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ allowH2: false, timeout, lookup });
  return (target, callback) => {
    // Literal addresses are connected to without a look-up.
    const host = unbracketed(target.hostname);
    if (isIP(host) !== 0 && !mayConnect(host)) {
      queueMicrotask(() => callback(new AddressRefusedError('the address is not public'), null));
      return;
    }
    connect(target, callback);
  };
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
