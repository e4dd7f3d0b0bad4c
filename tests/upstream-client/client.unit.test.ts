import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import type { UpstreamObserver } from '#server/upstream-client/observer.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { inSequence, json, ok, respondOk, respondWith, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, oneEndpointAt, upstreamAt, upstreamFailureOf } from './support.ts';

describe('the status of an upstream', () => {
  test('before its first call has no calls, and tells whether it is configured', () => {
    const known = oneEndpointAt('http://127.0.0.1:1', {}, 'known');
    const unknown = { ...oneEndpointAt('', {}, 'unknown'), origin: () => undefined };
    const idle = {
      title: 'Sample',
      breaker: 'closed',
      running: 0,
      waiting: 0,
      streams: 0,
      calls: 0,
      failures: 0,
      retries: 0,
      lastFailure: null,
      latency: null,
      cache: { miss: 0, hit: 0, stale: 0 },
      bytesReceived: 0,
      bytesSent: 0,
    };
    expect(clientOf({}, { upstreams: [known, unknown] }).status()).toEqual([
      { ...idle, name: 'known', configured: true },
      { ...idle, name: 'unknown', configured: false },
    ]);
    expect(clientOf().status()).toEqual([]);
  });

  test('has the calls that run and those that wait', async () => {
    const held: (() => void)[] = [];
    const { url } = await startRawServer((socket) => held.push(() => socket.write(wire('200 OK', json, ok))));
    const upstream = { ...oneEndpointAt(url), limits: { connections: 1 } };
    const client = clientOf({}, { upstreams: [upstream] });
    const calls = [1, 2, 3].map(() => client.request(upstream, upstream.endpoints.only, {}));
    await expect.poll(() => held.length).toBe(1);
    expect(client.status()).toMatchObject([{ running: 1, waiting: 2 }]);
    for (const count of [1, 2, 3]) {
      await expect.poll(() => held.length).toBe(count);
      held[count - 1]?.();
    }
    await Promise.all(calls);
    expect(client.status()).toMatchObject([{ running: 0, waiting: 0, calls: 3 }]);
  });

  test('has the bytes of bodies: sent as they are, and received after decompression', async () => {
    const body = ok.padEnd(1_000);
    const packed = gzipSync(body);
    expect(packed.length).toBeLessThan(body.length);
    const { url } = await startRawServer(
      respondWith('200 OK', { ...json, 'content-encoding': 'gzip' }, packed),
    );
    const upstream = upstreamAt(url);
    const client = clientOf({}, { upstreams: [upstream] });
    await client.request(upstream, upstream.endpoints.create, { body: { name: 'é' } });
    expect(client.status()).toMatchObject([
      { bytesSent: Buffer.byteLength('{"name":"é"}'), bytesReceived: body.length },
    ]);
  });

  test('counts the body of a retried call twice', async () => {
    const { url } = await startRawServer(inSequence(respondWith('500 No', json, '{}'), respondOk));
    const upstream = upstreamAt(url);
    const client = clientOf({}, { upstreams: [upstream] });
    const create = { ...upstream.endpoints.create, idempotency: 'safe' } as const;
    await client.request(upstream, create, { body: { name: 'a' } });
    expect(client.status()).toMatchObject([{ calls: 1, retries: 1, bytesSent: 2 * '{"name":"a"}'.length }]);
  });
});

describe('with clocks that stand still', () => {
  fakeClocks();

  test('the latency of a call is in milliseconds, until the end of its body', async () => {
    const { url } = await startRawServer((socket) => {
      advance(40);
      socket.write(wire('200 OK', json, ok));
    });
    const upstream = oneEndpointAt(url);
    const durations: number[] = [];
    const observer = {
      ...ignoring(),
      callEnded: (_: string, __: string, seconds: number) => durations.push(seconds),
    };
    const client = clientOf({}, { upstreams: [upstream], observer });
    await client.request(upstream, upstream.endpoints.only, {});
    expect(durations).toEqual([0.04]);
    expect(client.status()).toMatchObject([{ latency: { median: 40, p95: 40 } }]);
  });

  test('lookups in the cache are counted for endpoints that have one', async () => {
    const { url } = await startRawServer(inSequence(respondOk, respondWith('400 No', json, '{}')));
    const upstream = upstreamAt(url);
    const lookups: string[] = [];
    const observer = {
      ...ignoring(),
      cacheLookup: (name: string, cache: string) => lookups.push(`${name} ${cache}`),
    };
    const client = clientOf({}, { upstreams: [upstream], observer });
    const ask = () => client.request(upstream, upstream.endpoints.cached, {});
    await ask();
    await ask();
    advance(60_000);
    await ask();
    await failureOf(client.request(upstream, upstream.endpoints.json, {}));
    expect(lookups).toEqual(['sample miss', 'sample hit', 'sample stale']);
    expect(client.status()).toMatchObject([{ cache: { miss: 1, hit: 1, stale: 1 } }]);
  });

  test('a response without a cache is as old as its end', async () => {
    const { url } = await startRawServer((socket) => {
      advance(5_000);
      socket.write(wire('200 OK', json, ok));
    });
    const upstream = oneEndpointAt(url);
    const { ageSeconds, cache, isStaleIfError, storedAt } = await clientOf().request(
      upstream,
      upstream.endpoints.only,
      {},
    );
    expect({ ageSeconds, cache, isStaleIfError, storedAt }).toEqual({
      ageSeconds: 0,
      cache: 'miss',
      isStaleIfError: false,
      storedAt: new Date(),
    });
  });
});

function ignoring(): UpstreamObserver {
  return {
    attemptEnded: () => undefined,
    callEnded: () => undefined,
    cacheLookup: () => undefined,
    transferred: () => undefined,
    breakerChanged: () => undefined,
  };
}

test('the observer of the caller gets the bytes of each direction', async () => {
  const { url } = await startRawServer(respondOk);
  const upstream = upstreamAt(url);
  const transferred: string[] = [];
  const observer = {
    ...ignoring(),
    transferred: (name: string, direction: string, bytes: number) =>
      transferred.push(`${name} ${direction} ${bytes}`),
  };
  await clientOf({}, { observer }).request(upstream, upstream.endpoints.create, { body: { name: 'a' } });
  expect(transferred).toEqual(['sample sent 12', 'sample received 11']);
});

test('an upstream that is not configured is not found', async () => {
  const upstream = { ...upstreamAt(''), origin: () => undefined };
  for (const endpoint of [upstream.endpoints.json, upstream.endpoints.cached]) {
    expect(await failureOf(clientOf().request(upstream, endpoint, {}))).toMatchObject({
      reason: 'not_found',
      message: 'This upstream is not configured on this server.',
    });
  }
});

test('a text is returned as it is, and asked for as text', async () => {
  const { url, heads } = await startRawServer(
    respondWith('200 OK', { 'content-type': 'text/plain' }, '{"a":1} é'),
  );
  const upstream = upstreamAt(url);
  const { data } = await clientOf().request(upstream, upstream.endpoints.text, {});
  expect(data).toBe('{"a":1} é');
  expect(heads[0]).toMatch(/^accept: text\/plain\r?$/m);
});

test('an endpoint accepts its media types and no other', async () => {
  const { url, heads } = await startRawServer(
    inSequence(respondWith('200 OK', { 'content-type': 'application/ld+json' }, ok), respondOk),
  );
  const upstream = oneEndpointAt(url, { idempotency: 'none' });
  const answer = {
    kind: 'json',
    mediaTypes: ['application/ld+json', 'application/hal+json'],
    schema: z.object({ ok: z.boolean() }),
  } as const;
  const client = clientOf();
  const ask = () => client.request(upstream, { ...upstream.endpoints.only, answer }, {});
  expect((await ask()).data).toEqual({ ok: true });
  expect(heads[0]).toMatch(/^accept: application\/ld\+json, application\/hal\+json\r?$/m);
  expect((await upstreamFailureOf(ask())).fault).toBe('media_type');
});

test('of a response header that occurs twice the first value is forwarded', async () => {
  const twice = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-note: one\r\nx-note: two\r\ncontent-length: 11\r\n\r\n${ok}`;
  const { url } = await startRawServer((socket) => socket.write(twice));
  const upstream = oneEndpointAt(url);
  const endpoint = { ...upstream.endpoints.only, responseHeaders: ['x-note', 'x-missing'] };
  expect((await clientOf().request(upstream, endpoint, {})).headers).toEqual({ 'x-note': 'one' });
});

describe('the size limit of an upstream', () => {
  const own = { responseBytes: 100 };
  const exact = ok.padEnd(own.responseBytes);
  const packed = { ...json, 'content-encoding': 'gzip' };

  test.each([
    ['plain', respondWith('200 OK', json, exact), respondWith('200 OK', json, `${exact} `)],
    [
      'compressed',
      respondWith('200 OK', packed, gzipSync(exact)),
      respondWith('200 OK', packed, gzipSync(`${exact} `)),
    ],
  ])('is inclusive, and replaces the general one: %s', async (_, fitting, tooLarge) => {
    const { url } = await startRawServer(inSequence(fitting, tooLarge));
    const upstream = { ...oneEndpointAt(url), limits: own };
    const client = clientOf();
    const ask = () => client.request(upstream, upstream.endpoints.only, {});
    expect((await ask()).data).toEqual({ ok: true });
    expect((await upstreamFailureOf(ask())).fault).toBe('too_large');
  });
});

describe('a charset', () => {
  test.each(['utf-8', 'UTF8', 'us-ascii', '"utf-8"', ' utf-8 '])('%s is read', async (charset) => {
    const type = `application/json; x=y; charset=${charset}`;
    const { url } = await startRawServer(respondWith('200 OK', { 'content-type': type }, ok));
    const upstream = oneEndpointAt(url);
    expect((await clientOf().request(upstream, upstream.endpoints.only, {})).data).toEqual({ ok: true });
  });

  test.each(['utf-16', 'latin1', 'windows-1252', '""'])('%s is rejected', async (charset) => {
    const type = `application/json; x=y; charset=${charset}`;
    const { url } = await startRawServer(respondWith('200 OK', { 'content-type': type }, ok));
    const upstream = oneEndpointAt(url);
    const call = clientOf().request(upstream, upstream.endpoints.only, {});
    expect((await upstreamFailureOf(call)).fault).toBe('charset');
  });
});

describe('the cause of a failure, for the log', () => {
  const causeOf = async (type: Record<string, string>, status = '200 OK') => {
    const { url } = await startRawServer(respondWith(status, type, ok));
    const upstream = oneEndpointAt(url, { idempotency: 'none' });
    return String((await upstreamFailureOf(clientOf().request(upstream, upstream.endpoints.only, {}))).cause);
  };

  test.each([
    [{ 'content-type': 'text/html; charset=utf-8' }, 'media type text/html'],
    [{ 'content-type': 'application/problem+json' }, 'media type application/problem+json'],
    [{}, 'no media type'],
  ])('names a common media type: %j', async (headers, named) => {
    expect(await causeOf(headers)).toContain(named);
    expect(await causeOf(headers, '400 No')).toContain(`400 and ${named}`);
  });

  test('does not repeat an uncommon media type, which can be any text', async () => {
    const headers = { 'content-type': 'secret/words-of-the-upstream' };
    for (const status of ['200 OK', '400 No']) {
      expect(await causeOf(headers, status)).not.toContain('secret');
      expect(await causeOf(headers, status)).toContain('uncommon media type');
    }
  });

  test('has the fault if there is no other cause', async () => {
    const upstream = { ...oneEndpointAt('http://127.0.0.1:1'), limits: { connections: 1, queue: 0 } };
    const client = clientOf();
    const ask = () => upstreamFailureOf(client.request(upstream, upstream.endpoints.only, {}));
    const [, full] = await Promise.all([ask(), ask()]);
    expect(String(full?.cause)).toContain('queue_full');
  });
});

test('a missing resource is named as such', async () => {
  const { url } = await startRawServer(respondWith('404 No', json, '{}'));
  const upstream = oneEndpointAt(url, { mayBeMissing: true });
  const failure = await failureOf(clientOf().request(upstream, upstream.endpoints.only, {}));
  expect(failure).toMatchObject({ reason: 'not_found', publicMessage: 'The upstream has no such resource.' });
});

// The deadline closes the connection, too, but later than this test may take.
const { maxDeadline: deadline } = limits.upstream;
const timeout = deadline / 2;

test('the body of a rejected response is not read, and its connection is closed', { timeout }, async () => {
  const closed = Promise.withResolvers<void>();
  const { url } = await startRawServer((socket) => {
    socket.on('close', () => closed.resolve());
    socket.write(wire('400 No', { ...json, 'content-length': '1000000' }, 'begun'));
  });
  const upstream = oneEndpointAt(url, { deadline });
  expect((await upstreamFailureOf(clientOf().request(upstream, upstream.endpoints.only, {}))).fault).toBe(
    'client_error',
  );
  await closed.promise;
});

describe('fetchJson', () => {
  test('asks for JSON Feed and JSON', async () => {
    const { url, heads } = await startRawServer(respondOk);
    await clientOf().fetchJson('feed', url);
    expect(heads[0]?.split('\r\n').slice(1).sort()).toEqual([
      'accept-encoding: gzip, br',
      'accept: application/feed+json, application/json',
      'connection: keep-alive',
      `host: ${new URL(url).host}`,
      'user-agent: typed-bff',
    ]);
  });

  test('accepts any media type and decompresses the body', async () => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
    const { url } = await startRawServer(respondWith('200 OK', headers, gzipSync(ok)));
    expect(await clientOf().fetchJson('feed', url)).toEqual({ ok: true });
  });

  test('retries, and its calls are counted under its name', async () => {
    const { url, heads } = await startRawServer(inSequence(respondWith('500 No', json, '{}'), respondOk));
    const calls: string[] = [];
    const observer = {
      ...ignoring(),
      callEnded: (name: string, outcome: string) => calls.push(`${name} ${outcome}`),
    };
    expect(await clientOf({}, { observer }).fetchJson('feed', url)).toEqual({ ok: true });
    expect(heads).toHaveLength(2);
    expect(calls).toEqual(['feed ok']);
  });

  test('rejects a document above the size limit', async () => {
    const { url } = await startRawServer(
      respondWith('200 OK', json, ok.padEnd(limits.upstream.responseBytes + 1)),
    );
    expect((await upstreamFailureOf(clientOf().fetchJson('feed', url))).fault).toBe('too_large');
  });

  test('ends when its signal aborts', async () => {
    const abort = new AbortController();
    const { url } = await startRawServer(() => abort.abort());
    const call = clientOf().fetchJson('feed', url, { signal: abort.signal });
    expect((await upstreamFailureOf(call)).fault).toBe('cancelled');
  });
});

test('only the proxy of the configuration is used, for its own scheme', async () => {
  const { url, heads } = await startRawServer(respondOk);
  vi.stubEnv('http_proxy', url);
  vi.stubEnv('https_proxy', url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const ask = (origin: string, settings: Record<string, string>) => {
    const upstream = oneEndpointAt(origin, { idempotency: 'none' });
    return upstreamFailureOf(clientOf(settings).request(upstream, upstream.endpoints.only, {}));
  };
  const direct = { fault: 'dns' };
  expect(await ask('http://api.example.invalid', {})).toMatchObject(direct);
  expect(await ask('http://api.example.invalid', { HTTPS_PROXY: url })).toMatchObject(direct);
  expect(heads).toEqual([]);
  const own = await startRawServer(respondWith('403 No', {}));
  await ask('https://api.example.invalid', { HTTP_PROXY: own.url });
  expect([own.heads.length, heads.length]).toEqual([1, 0]);
});
