import { describe, expect, test } from 'vitest';
import {
  isAllowedAddress,
  isLoopbackAddress,
  isLoopbackHost,
  isPublicAddress,
  literalAddressOf,
  type Network,
  parseNetwork,
} from '#server/lib/network-address.ts';

test.each(['1.1.1.1', '93.184.215.14', '140.82.121.6', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
  '%s is a public address',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.1',
  '169.254.169.254',
  '168.63.129.16',
  '172.16.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:1.1.1.1',
  '64:ff9b::7f00:1',
  '100::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2001::1',
  '4000::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700:4700::1111%eth0',
  'ff02::1',
  '2130706433',
  '0x7f000001',
  'example.org',
  '',
])('%j is not a public address', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('loopback is recognised by its addresses and by localhost', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '::1%lo'].every(isLoopbackAddress)).toBe(true);
  expect(['1.1.1.1', '::2', 'localhost', ''].some(isLoopbackAddress)).toBe(false);
  expect(['localhost', 'files.localhost', '127.0.0.1', '[::1]'].every(isLoopbackHost)).toBe(true);
  expect(['localhost.example.org', 'example.org', '1.1.1.1'].some(isLoopbackHost)).toBe(false);
});

test.each([
  ['[2001:db8::1]', '2001:db8::1'],
  ['192.0.2.1', '192.0.2.1'],
  ['example.org', undefined],
  ['[example.org]', undefined],
  ['a[::1]', undefined],
  ['[::1]a', undefined],
  ['', undefined],
])('the address in the host %j of a URL is %j', (host, address) => {
  expect(literalAddressOf(host)).toBe(address);
});

describe('the networks of the operator', () => {
  function allows(networks: string, address: string): boolean {
    const parsed = networks.split(',').map((text): Network => {
      const network = parseNetwork(text);
      if (!network) throw new Error(`${text} is not a network`);
      return network;
    });
    return isAllowedAddress(address, { loopback: false, networks: parsed });
  }

  test.each([
    ['10.0.0.0/8', '10.9.8.7'],
    ['10.9.8.7', '10.9.8.7'],
    ['10.9.8.7/8', '10.0.0.1'],
    ['10.0.0.0/8', '::ffff:10.9.8.7'],
    ['192.168.0.0/16,172.16.0.0/12', '172.31.255.255'],
    ['fd00::/8', 'fd12:3456::1'],
    ['fc00::/7', 'fdff::1'],
    ['100.64.0.0/10', '100.127.0.1'],
    ['127.0.0.0/8', '127.0.0.53'],
    ['::1', '::1'],
    ['0.0.0.0/0', '192.168.1.1'],
    ['64:ff9b::/96', '64:ff9b::101:101'],
    ['64:ff9b::/96,10.0.0.0/8', '64:ff9b::a09:807'],
  ])('%s allows %s', (networks, address) => {
    expect(allows(networks, address)).toBe(true);
  });

  test('public addresses are allowed without any network', () => {
    expect(isAllowedAddress('1.1.1.1', { loopback: false, networks: [] })).toBe(true);
    expect(isAllowedAddress('10.0.0.1', { loopback: false, networks: [] })).toBe(false);
  });

  test.each([
    ['10.1.0.0/16', '10.2.0.1'],
    ['10.0.0.0/8', '192.168.1.1'],
    ['10.0.0.0/8', '127.0.0.1'],
    ['10.0.0.0/8', '::1'],
    ['fd00::/8', 'fc00::1'],
    ['64:ff9b::/96', '64:ff9b::a09:807'],
    ['10.0.0.0/8', 'example.org'],
    ['10.0.0.0/8', '10.1'],
  ])('%s does not allow %s', (networks, address) => {
    expect(allows(networks, address)).toBe(false);
  });

  test.each([
    ['10.0.0.1/32', '10.0.0.1', '10.0.0.2'],
    ['fd00::1/128', 'fd00::1', 'fd00::2'],
    ['172.16.0.0/13', '172.23.255.255', '172.24.0.1'],
    ['0.0.0.0/1', '10.0.0.1', '192.168.1.1'],
  ])('%s begins or ends between %s and %s', (network, inside, outside) => {
    expect([allows(network, inside), allows(network, outside)]).toEqual([true, false]);
  });

  test('an address of this machine is allowed only if loopback is', () => {
    const allowed = (loopback: boolean) => isAllowedAddress('127.0.0.1', { loopback, networks: [] });
    expect([allowed(true), allowed(false)]).toEqual([true, false]);
    expect(isAllowedAddress('10.0.0.1', { loopback: true, networks: [] })).toBe(false);
  });

  const everything = '0.0.0.0/0,::/0';

  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '169.254.0.23',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fd00:42::42',
    'fd00:c1::a9fe:a9fe',
    'fe80::a9fe:a9fe',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001::1',
    '::ffff:0:169.254.169.254',
    'fe80::1%eth0',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
  ])('no network allows %s', (address) => {
    expect(allows(everything, address)).toBe(false);
    expect(isAllowedAddress(address, { loopback: true, networks: [] })).toBe(false);
  });

  test.each([
    '169.254.169.254',
    '169.254.0.0/16',
    '168.63.129.16/32',
    'fd00:ec2::/32',
    'fe80::/10',
    '224.0.0.0/8',
    '0.0.0.0/8',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/8x',
    '10/8',
    '10.0.0.*',
    'fd00::/129',
    'fe80::1%eth0',
    'localhost',
    'example.org',
    '',
  ])('%j is not accepted as a network', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});
