import { isIP } from 'node:net';
import { Address4, Address6 } from 'ip-address';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network in CIDR notation, parsed: an address and the length of the prefix. */
export type Network = readonly [Address, number];

/**
 * Ranges whose addresses are never allowed: no host, no single host, only this link (most metadata services), or a
 * tunnel to an IPv4 address that is not checked.
 */
const forbiddenRanges: ReadonlySet<string> = new Set([
  'unspecified',
  'broadcast',
  'multicast',
  'linkLocal',
  '6to4',
  'teredo',
  'rfc6145',
]);

/** Metadata services of cloud platforms, which give out credentials, outside of the link-local ranges. */
const metadataNetworks = [
  // Azure, https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '168.63.129.16/32',
  // Alibaba Cloud
  '100.100.100.200/32',
  // Oracle Cloud
  '192.0.0.192/32',
  'fd00:c1::a9fe:a9fe/128',
  // AWS: metadata and credentials of containers, on several addresses of this network
  'fd00:ec2::/32',
  // Google Cloud
  'fd20:ce::254/128',
  // Scaleway
  'fd00:42::42/128',
].map((network) => ipaddr.parseCIDR(network));

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Returns whether an address is on the public internet. Two libraries must agree, each with its own tables of the
 * special-purpose registries (RFC 6890). IPv6 addresses must also be in the range assigned for global unicast.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || isForbiddenAddress(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(globalUnicast) && new Address6(address).isGlobal();
  return new Address4(address).isGlobal();
}

export function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.process(address.replace(/%.*/, '')).range() === 'loopback';
}

/** Returns whether a configured hostname means this machine (RFC 6761, 6.3) or is a literal loopback address. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    isLoopbackAddress(literalAddressOf(hostname) ?? '')
  );
}

/** Returns whether no setting can allow an address: that of a metadata service, link-local, multicast, unspecified. */
function isForbiddenAddress(address: string): boolean {
  if (address.includes('%')) return true;
  const parsed = ipaddr.process(address);
  return forbiddenRanges.has(parsed.range()) || isInNetworks(parsed, metadataNetworks);
}

/**
 * Returns whether an address is in one of the operator's networks. An IPv4 address that is embedded in an IPv6 address
 * for translation (NAT64, RFC 6052) must be public or in one of the networks, too.
 */
function isInOwnNetwork(address: string, networks: readonly Network[]): boolean {
  if (networks.length === 0 || isIP(address) === 0 || isForbiddenAddress(address)) return false;
  const parsed = ipaddr.process(address);
  if (!isInNetworks(parsed, networks)) return false;
  if (parsed.range() !== 'rfc6052') return true;
  const embedded = ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).toString();
  return isPublicAddress(embedded) || isInOwnNetwork(embedded, networks);
}

/**
 * Returns whether connections may go to an address: it is public, or in one of the operator's networks, or on this
 * machine if `loopback` is true.
 */
export function isAllowedAddress(
  address: string,
  { loopback, networks }: { loopback: boolean; networks: readonly Network[] },
): boolean {
  return (
    isPublicAddress(address) || (loopback && isLoopbackAddress(address)) || isInOwnNetwork(address, networks)
  );
}

/**
 * Parses a network such as `10.0.0.0/8` or `fd00::/8`, or a single address.
 *
 * @returns undefined if the text is invalid, or if no address of the network can be allowed
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(/^\d{1,3}$/.exec(prefix)?.[0] ?? Number.NaN);
  if (version === 0 || rest.length > 0 || !(length <= bits) || address.includes('%')) return undefined;
  const kind = version === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = kind.networkAddressFromCIDR(`${address}/${length}`);
  // Addresses are compared in their IPv4 form.
  if (network.range() === 'ipv4Mapped') return undefined;
  // A larger network has other addresses, too, and the forbidden ones are rejected when they are used.
  const isForbidden = length >= 8 && isForbiddenAddress(network.toString());
  return isForbidden ? undefined : [network, length];
}

/** Returns the address in a URL's host, or undefined for a name. */
export function literalAddressOf(hostname: string): string | undefined {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) === 0 ? undefined : address;
}

function isInNetworks(address: Address, networks: readonly Network[]): boolean {
  return networks.some(
    ([network, length]) => network.kind() === address.kind() && address.match(network, length),
  );
}
