import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddressOf } from '#server/http/client-address.ts';
import { setForwardedFor } from '#server/node-server/forwarded.ts';

const peer = '::ffff:192.0.2.1';

function forward(given: IncomingHttpHeaders, trustedHops: number, from: string | undefined = peer) {
  const headers = { ...given };
  setForwardedFor(headers, from, trustedHops);
  return headers;
}

describe('setForwardedFor keeps the trusted entries of X-Forwarded-For and appends the peer', () => {
  test.each([
    [0, undefined, peer],
    [0, '', peer],
    [0, '203.0.113.7', peer],
    [0, '1.1.1.1, 203.0.113.7', peer],
    [1, undefined, peer],
    [1, '203.0.113.7', `203.0.113.7, ${peer}`],
    [1, '1.1.1.1, 203.0.113.7', `203.0.113.7, ${peer}`],
    [2, '203.0.113.7', `203.0.113.7, ${peer}`],
    [2, '203.0.113.7, 198.51.100.1', `203.0.113.7, 198.51.100.1, ${peer}`],
    [2, '1.1.1.1,203.0.113.7 , 198.51.100.1', `203.0.113.7, 198.51.100.1, ${peer}`],
  ])('with %i trusted hops %j becomes %j', (hops, given, expected) => {
    const headers = given === undefined ? {} : { 'x-forwarded-for': given };
    expect(forward(headers, hops)['x-forwarded-for']).toBe(expected);
  });

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
    'without trusted hops, a peer %s that forwards is no client on this machine',
    (local) => {
      expect(forward({ 'x-forwarded-for': '203.0.113.7' }, 0, local)['x-forwarded-for']).toBe('unknown');
      expect(forward({}, 0, local)['x-forwarded-for']).toBe(local);
    },
  );

  test.each(['via', 'forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip'])(
    'a peer on this machine that sends %s is no client on this machine either',
    (name) => {
      expect(forward({ [name]: 'x' }, 0, '127.0.0.1')['x-forwarded-for']).toBe('unknown');
      expect(forward({ [name]: 'x' }, 0, '192.0.2.1')['x-forwarded-for']).toBe('192.0.2.1');
    },
  );

  test.each([
    [0, { 'x-forwarded-for': '203.0.113.7' }, true],
    [0, { 'x-real-ip': '203.0.113.7' }, false],
    [0, {}, false],
    [1, { 'x-forwarded-for': '203.0.113.7' }, false],
  ])('with %i trusted hops, %j is reported as an ignored X-Forwarded-For: %s', (hops, given, isIgnored) => {
    expect(setForwardedFor({ ...given }, peer, hops)).toBe(isIgnored);
  });

  test('the address of a closed socket is "unknown"', () => {
    const headers: IncomingHttpHeaders = { 'x-forwarded-for': '203.0.113.7' };
    setForwardedFor(headers, undefined, 0);
    expect(headers['x-forwarded-for']).toBe('unknown');
  });

  test('text that a client puts before the entries of the proxies does not change the client address', () => {
    const forged = fc.string({ unit: fc.constantFrom(...'0123456789abcdef.:, "') });
    const chain = fc.array(fc.ipV4(), { minLength: 0, maxLength: 3 });
    fc.assert(
      fc.property(forged, chain, (left, proxies) => {
        const hops = proxies.length;
        const given = [left, ...proxies].join(', ');
        const { 'x-forwarded-for': value } = forward({ 'x-forwarded-for': given }, hops);
        const client = clientAddressOf(new Headers({ 'x-forwarded-for': String(value) }), hops);
        expect(client).toBe(proxies[0] ?? '192.0.2.1');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the other forwarding headers', () => {
  const sent = {
    forwarded: 'for=203.0.113.7;proto=https',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-port': '8443',
    'x-forwarded-proto': 'https',
    'x-real-ip': '203.0.113.7',
  };

  test('are removed without a trusted proxy, and no other header is', () => {
    expect(forward({ ...sent, host: 'example.org', 'user-agent': 'test' }, 0)).toEqual({
      host: 'example.org',
      'user-agent': 'test',
      'x-forwarded-for': peer,
    });
  });

  test('are kept with a trusted proxy', () => {
    expect(forward(sent, 1)).toMatchObject(sent);
  });
});
