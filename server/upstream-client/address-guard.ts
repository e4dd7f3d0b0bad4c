import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isAllowedAddress, literalAddressOf, type Network } from '../lib/network-address.ts';

/** A connection was rejected because its address is neither public nor in a network of the operator. */
export class AddressRejectedError extends Error {
  override readonly name = 'AddressRejectedError';
  readonly code = 'ERR_ADDRESS_REJECTED';
}

export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Creates a connector that connects only to allowed addresses. The address is checked at connection time, so a
 * hostname that is rebound to a private address (DNS rebinding) is rejected too. If a hostname resolves to both allowed
 * and other addresses, the whole result is rejected.
 *
 * @param options.loopback true if the configured origin is this machine
 * @param options.networks the operator's networks
 * @param options.timeout of the connection attempt, in milliseconds
 * @param options.resolve resolves hostnames. Default: the system's resolver
 */
export function guardedConnector(options: {
  loopback: boolean;
  networks: readonly Network[];
  timeout: number;
  resolve?: Resolve;
}): buildConnector.connector {
  const { timeout, resolve = systemLookup } = options;

  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowedAddress(address, options))) {
        const problem = 'the hostname resolves to an address that is not public and not in UPSTREAM_NETWORKS';
        return callback(new AddressRejectedError(problem), []);
      }
      if (lookupOptions.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  const connect = buildConnector({ allowH2: false, timeout, lookup });
  return (target, callback) => {
    // Node connects to literal addresses without calling `lookup`.
    const literal = literalAddressOf(target.hostname);
    if (literal !== undefined && !isAllowedAddress(literal, options)) {
      const problem = 'the address is not public and not in UPSTREAM_NETWORKS';
      queueMicrotask(() => callback(new AddressRejectedError(problem), null));
      return;
    }
    connect(target, callback);
  };
}
