import { expect, test } from 'vitest';
import { endlessHeaders } from './misbehaviour.ts';
import { respondOk, respondWith, type Script, startRawServer } from './raw-server.ts';
import { clientOf, oneEndpointAt, upstreamFailureOf } from './support.ts';

async function callThroughProxy(
  origin: string,
  script: Script,
  { noProxy = '', user = '' }: { noProxy?: string; user?: string } = {},
) {
  const { url, heads } = await startRawServer(script);
  const proxy = url.replace('://', `://${user}`);
  const client = clientOf({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: noProxy });
  const upstream = oneEndpointAt(origin, { idempotency: 'none' });
  return { heads, call: () => client.request(upstream, upstream.endpoints.only, {}) };
}

const publicHost = 'http://api.example.invalid';

test('an http upstream is called through the proxy, which resolves its name', async () => {
  const { heads, call } = await callThroughProxy(publicHost, respondOk);
  expect((await call()).data).toEqual({ ok: true });
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatch(/^GET http:\/\/api\.example\.invalid\/things HTTP\/1\.1\r\n/);
  expect(heads[0]).toMatch(/^host: api\.example\.invalid\r?$/im);
});

test('an https upstream is called through a tunnel of the proxy', async () => {
  const { heads, call } = await callThroughProxy(
    'https://api.example.invalid',
    respondWith('403 Forbidden', {}),
  );
  expect(await upstreamFailureOf(call())).toMatchObject({ fault: 'connect' });
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatch(/^CONNECT api\.example\.invalid:443 HTTP\/1\.1\r\n/);
});

test('the user and password of the proxy are sent to the proxy', async () => {
  const { heads, call } = await callThroughProxy(publicHost, respondOk, { user: 'bff:secret@' });
  await call();
  expect(heads[0]).toMatch(
    new RegExp(`^proxy-authorization: Basic ${Buffer.from('bff:secret').toString('base64')}\r?$`, 'im'),
  );
});

test('an upstream on this machine is called without the proxy', async () => {
  const { url, heads: direct } = await startRawServer(respondOk);
  const { heads, call } = await callThroughProxy(url, respondOk);
  expect((await call()).data).toEqual({ ok: true });
  expect([direct.length, heads.length]).toEqual([1, 0]);
});

test.each(['api.example.invalid', '.example.invalid', '*', 'other, api.example.invalid:80'])(
  'NO_PROXY=%s excludes the upstream, and the name is resolved here',
  async (noProxy) => {
    const { heads, call } = await callThroughProxy(publicHost, respondOk, { noProxy });
    expect(await upstreamFailureOf(call())).toMatchObject({ fault: 'dns' });
    expect(heads).toHaveLength(0);
  },
);

test('an excluded upstream has the address guard', async () => {
  const { heads, call } = await callThroughProxy('http://10.0.0.1', respondOk, { noProxy: '10.0.0.1' });
  expect(await upstreamFailureOf(call())).toMatchObject({ fault: 'address' });
  expect(heads).toHaveLength(0);
});

test.each([
  ['requires a password', respondWith('407 Proxy Authentication Required', {})],
  ['closes the connection', (socket) => socket.end()],
  ['sends endless headers', endlessHeaders],
] satisfies [string, Script][])('a proxy that %s fails the call cleanly', async (_, script) => {
  for (const origin of [publicHost, 'https://api.example.invalid']) {
    const { call } = await callThroughProxy(origin, script);
    expect(await upstreamFailureOf(call())).toMatchObject({ httpStatus: 502 });
  }
});

test('a proxy that does not listen fails the call as unreachable', async () => {
  const client = clientOf({ HTTP_PROXY: 'http://127.0.0.1:1' });
  const upstream = oneEndpointAt(publicHost, { idempotency: 'none' });
  expect(await upstreamFailureOf(client.request(upstream, upstream.endpoints.only, {}))).toMatchObject({
    fault: 'connect',
  });
});
