import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import {
  AddressRejectedError,
  guardedConnector,
  isLoopbackAddress,
  isLoopbackHost,
  isPublicAddress,
  type Resolve,
} from '#server/upstream-client/address-guard.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';

describe('address checks', () => {
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
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2130706433',
    '0x7f000001',
    'example.org',
    '',
  ])('%j is not a public address', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test('loopback is recognised by its addresses and by localhost', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'].every(isLoopbackAddress)).toBe(true);
    expect(['1.1.1.1', '::2', 'localhost', ''].some(isLoopbackAddress)).toBe(false);
    expect(['localhost', '127.0.0.1', '[::1]'].every(isLoopbackHost)).toBe(true);
    expect(['localhost.example.org', 'example.org', '1.1.1.1'].some(isLoopbackHost)).toBe(false);
  });
});

describe('a connection', () => {
  let port = 0;
  let taken = 0;
  const server = createServer((_, response) => response.end('{}'));
  server.on('connection', () => {
    taken += 1;
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });
  afterAll(() => server.close());

  const resolveTo =
    (...addresses: string[]): Resolve =>
    (_, __, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  async function ask(host: string, options: { allowLoopback: boolean; resolve?: Resolve }) {
    const agent = new Agent({ connect: guardedConnector({ timeout: 1_000, ...options }) });
    try {
      const { statusCode, body } = await agent.request({
        origin: `http://${host}:${port}`,
        path: '/',
        method: 'GET',
      });
      await body.dump();
      return statusCode;
    } finally {
      await agent.destroy();
    }
  }

  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254'])(
    'to the literal %s is rejected',
    async (host) => {
      const before = taken;
      await expect(ask(host, { allowLoopback: false })).rejects.toThrow(AddressRejectedError);
      expect(taken).toBe(before);
    },
  );

  test.each([
    { title: 'loopback', addresses: ['127.0.0.1'] },
    { title: 'a private network', addresses: ['10.0.0.1'] },
    { title: 'a metadata service', addresses: ['169.254.169.254'] },
    { title: 'a public and a private address', addresses: ['1.1.1.1', '127.0.0.1'] },
    { title: 'no address', addresses: [] },
  ])('to a name that resolves to $title is rejected', async ({ addresses }) => {
    const before = taken;
    const call = ask('rebound.example.org', { allowLoopback: false, resolve: resolveTo(...addresses) });
    await expect(call).rejects.toThrow(AddressRejectedError);
    expect(taken).toBe(before);
  });

  test('to loopback is allowed when the operator configured it', async () => {
    expect(await ask('127.0.0.1', { allowLoopback: true })).toBe(200);
    expect(await ask('localhost', { allowLoopback: true, resolve: resolveTo('127.0.0.1') })).toBe(200);
  });

  test('to a private network is rejected even when loopback is allowed', async () => {
    const call = ask('localhost', { allowLoopback: true, resolve: resolveTo('10.0.0.1') });
    await expect(call).rejects.toThrow(AddressRejectedError);
  });

  test('of the upstream client is allowed to a URL that names loopback and rejected to a metadata service', async () => {
    const client = createUpstreamClient(parseEnv({}));
    await expect(client.fetchJson('local', `http://127.0.0.1:${port}/`)).resolves.toEqual({});
    await expect(
      client.fetchJson('metadata', 'http://169.254.169.254/latest/meta-data/'),
    ).rejects.toMatchObject({
      reason: 'upstream_unreachable',
    });
    await client.close();
  });
});
