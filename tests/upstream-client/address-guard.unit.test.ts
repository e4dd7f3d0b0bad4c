import { once } from 'node:events';
import { createServer } from 'node:http';
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import {
  AddressRejectedError,
  guardedConnector,
  type Resolve,
} from '#server/upstream-client/address-guard.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';

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

  const loopbackNetwork = parseEnv({ UPSTREAM_NETWORKS: '127.0.0.0/8' }).UPSTREAM_NETWORKS;

  async function ask(
    host: string,
    options: Partial<Omit<Parameters<typeof guardedConnector>[0], 'timeout'>> = {},
  ) {
    const connect = guardedConnector({ timeout: 1_000, loopback: false, networks: [], ...options });
    const agent = new Agent({ connect });
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
      await expect(ask(host)).rejects.toThrow(AddressRejectedError);
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
    const call = ask('rebound.example.org', { resolve: resolveTo(...addresses) });
    await expect(call).rejects.toThrow(AddressRejectedError);
    expect(taken).toBe(before);
  });

  test('to loopback is allowed when the operator configured it', async () => {
    expect(await ask('127.0.0.1', { loopback: true })).toBe(200);
    expect(await ask('localhost', { loopback: true, resolve: resolveTo('127.0.0.1') })).toBe(200);
  });

  test('to a private network is rejected even when loopback is allowed', async () => {
    const call = ask('localhost', { loopback: true, resolve: resolveTo('10.0.0.1') });
    await expect(call).rejects.toThrow(AddressRejectedError);
  });

  test('to a literal in a network of the operator is allowed', async () => {
    expect(await ask('127.0.0.1', { networks: loopbackNetwork })).toBe(200);
    await expect(ask('[::1]', { networks: loopbackNetwork })).rejects.toThrow(AddressRejectedError);
  });

  test('to a name that resolves into a network of the operator is allowed', async () => {
    const resolve = resolveTo('127.0.0.1');
    expect(await ask('files.internal', { networks: loopbackNetwork, resolve })).toBe(200);
  });

  test.each([
    { title: 'to another network', addresses: ['10.0.0.1'] },
    { title: 'to another network as well', addresses: ['127.0.0.1', '10.0.0.1'] },
    { title: 'to a metadata service as well', addresses: ['127.0.0.1', '169.254.169.254'] },
  ])('to a name that resolves $title is rejected', async ({ addresses }) => {
    const before = taken;
    const call = ask('files.internal', { networks: loopbackNetwork, resolve: resolveTo(...addresses) });
    await expect(call).rejects.toThrow(/UPSTREAM_NETWORKS/);
    expect(taken).toBe(before);
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

  test('to a name that the system resolves to loopback is allowed only when the operator configured it', async () => {
    expect(await ask('localhost', { loopback: true })).toBe(200);
    const before = taken;
    await expect(ask('localhost')).rejects.toThrow(AddressRejectedError);
    expect(taken).toBe(before);
  });

  test('is checked on a host that does not try several addresses of a name, too', async () => {
    const automatic = getDefaultAutoSelectFamily();
    setDefaultAutoSelectFamily(false);
    onTestFinished(() => setDefaultAutoSelectFamily(automatic));
    const name = 'files.internal';
    expect(await ask(name, { networks: loopbackNetwork, resolve: resolveTo('127.0.0.1') })).toBe(200);
    const rebound = ask(name, { networks: loopbackNetwork, resolve: resolveTo('127.0.0.1', '10.0.0.1') });
    await expect(rebound).rejects.toThrow(AddressRejectedError);
  });

  test('to a name that cannot be resolved fails with the error of the resolver', async () => {
    const error = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    const call = ask('gone.example', { resolve: (_, __, callback) => callback(error, []) });
    await expect(call).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
