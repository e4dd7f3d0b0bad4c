import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddressOf, normaliseAddress, unknownAddress } from '#server/http/client-address.ts';

describe('normaliseAddress', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7\t', '203.0.113.7'],
    ['203.0.113.7:49152', '203.0.113.7'],
    ['[203.0.113.7]:49152', '203.0.113.7'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:49152', '203.0.113.7'],
    ['::1', '::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['[fe80::1%eth0]:443', 'fe80::/64'],
  ])('normalises %j to %s', (text, expected) => {
    expect(normaliseAddress(text)).toBe(expected);
  });

  test.each([
    '',
    '   ',
    'unknown',
    'localhost',
    'example.org',
    // Other notations, each of which some programs parse as a different address.
    '010.0.0.1',
    '203.0.113.07',
    '0x7f.0.0.1',
    '0x7f000001',
    '127.1',
    '10.0.1',
    '2130706433',
    '1.2.3.4.5',
    '256.1.1.1',
    '-1.2.3.4',
    '1.2.3.4/24',
    '1.2.3.4%eth0',
    '1.2.3.4, 5.6.7.8',
    '1.2.3.4\u0000',
    '\uff11.2.3.4',
    '::ffff:300.1.1.1',
    '1::2::3',
    '2001:db8::/64',
    '2001:db8::g',
    '[2001:db8::1',
    '2001:db8::1]',
    '[[2001:db8::1]]',
    ':::',
    '_hidden',
    '"[2001:db8::1]"',
    "'; drop table buckets; --",
    '<script>alert(1)</script>',
  ])('returns "unknown" for %j', (text) => {
    expect(normaliseAddress(text)).toBe(unknownAddress);
  });

  test.each([
    { title: 'digits', text: '1'.repeat(100_000) },
    { title: 'colons', text: ':'.repeat(100_000) },
    { title: 'zeros', text: `2001:db8::${'0'.repeat(100_000)}1` },
    { title: 'brackets', text: '['.repeat(100_000) },
    { title: 'spaces between digits', text: `1${' '.repeat(100_000)}1` },
  ])('returns "unknown" for 100,000 $title', ({ text }) => {
    expect(normaliseAddress(text)).toBe(unknownAddress);
  });

  test.each([
    [128, 'fe80::/64'],
    [129, unknownAddress],
  ])('of %i characters is %s, because no address is longer than 128', (length, expected) => {
    expect(normaliseAddress('fe80::1%'.padEnd(length, 'a'))).toBe(expected);
  });

  test('drops a very long zone from the key', () => {
    expect(normaliseAddress(`fe80::1%${'a'.repeat(100_000)}`).length).toBeLessThan(50);
  });
});

/** Whether the key is an IPv4 address, a /64 prefix of IPv6 or "unknown". */
function isKey(key: string): boolean {
  if (key === unknownAddress) return true;
  const [address = '', prefix] = key.split('/');
  return prefix === undefined ? isIP(address) === 4 : isIP(address) === 6 && prefix === '64';
}

const addresses = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6());
const almostAddresses = fc
  .tuple(
    fc.constantFrom('', ' ', '[', '::ffff:', '0'),
    addresses,
    fc.constantFrom('', ' ', ']', ':80', ']:80', '%eth0', '%', '/64', ':', '.'),
  )
  .map((parts) => parts.join(''));
const anything = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefx.:[]%/, ') }),
  addresses,
  almostAddresses,
);

describe('for any text', () => {
  test('normaliseAddress returns an address or "unknown" and never throws', () => {
    fc.assert(
      fc.property(anything, (text) => isKey(normaliseAddress(text))),
      { numRuns: 5_000 },
    );
  });

  test('clientAddressOf does the same for any header and any number of trusted hops', () => {
    const headerValue = fc
      .array(anything, { maxLength: 6 })
      .map((entries) => entries.join(','))
      // Removes characters that Node's HTTP parser rejects in a header.
      .map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''));
    fc.assert(
      fc.property(headerValue, fc.nat({ max: 10 }), (value, hops) =>
        isKey(clientAddressOf(new Headers({ 'x-forwarded-for': value }), hops)),
      ),
      { numRuns: 5_000 },
    );
  });

  test('every IPv4 address is its own key, even as an IPv4-mapped IPv6 address with a port', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(normaliseAddress(address)).toBe(address);
        expect(normaliseAddress(`[::ffff:${address}]:80`)).toBe(address);
      }),
    );
  });

  test('all addresses of one /64 share a key, and addresses of another /64 do not', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
    const half = fc.tuple(group, group, group, group).map((groups) => groups.join(':'));
    fc.assert(
      fc.property(group, half, half, (subnet, one, other) => {
        const prefix = `2001:db8:1:${subnet}`;
        expect(normaliseAddress(`${prefix}:${one}`)).toBe(normaliseAddress(`${prefix}:${other}`));
        expect(normaliseAddress(`${prefix}:${one}`)).not.toBe(
          normaliseAddress(`2001:db8:2:${subnet}:${one}`),
        );
      }),
    );
  });
});

describe('clientAddressOf counts the trusted hops from the right of X-Forwarded-For', () => {
  const of = (value: string, hops: number) =>
    clientAddressOf(new Headers({ 'x-forwarded-for': value }), hops);
  const list = '1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4';

  test.each([
    [0, '4.4.4.4'],
    [1, '3.3.3.3'],
    [2, '2.2.2.2'],
    [3, '1.1.1.1'],
    [4, unknownAddress],
  ])('with %i trusted hops before the peer: %s', (hops, expected) => {
    expect(of(list, hops)).toBe(expected);
  });

  test('spaces around entries are ignored', () => {
    expect(of('1.1.1.1 ,\t2.2.2.2,3.3.3.3', 1)).toBe('2.2.2.2');
  });

  test('an invalid entry is not skipped in favour of the one to its left', () => {
    expect(of('1.1.1.1, nonsense, 3.3.3.3', 1)).toBe(unknownAddress);
    expect(of('1.1.1.1,, 3.3.3.3', 1)).toBe(unknownAddress);
  });

  test('the address is "unknown" without the header', () => {
    expect(clientAddressOf(new Headers(), 0)).toBe(unknownAddress);
    expect(clientAddressOf(new Headers(), 1)).toBe(unknownAddress);
  });
});
