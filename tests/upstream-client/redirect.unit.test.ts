import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, ok, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawClientOf, readAll } from './raw-support.ts';
import { clientOf, oneEndpointAt, upstreamFailureOf } from './support.ts';

/** Starts a server that redirects `/things` and `/api/things`, and responds to all other paths with JSON. */
async function startRedirecting(location: (url: string) => string, status = '301 Moved Permanently') {
  const server = await startRawServer((socket, head) => {
    const isRedirected = /^\w+ (\/api)?\/things /.test(head);
    const headers = { ...json, location: location(server.url) };
    socket.write(isRedirected ? wire(status, headers, '{"message":"Moved"}') : wire('200 OK', json, ok));
  });
  const paths = () => server.heads.map((head) => head.split('\r\n', 1)[0]);
  return { ...server, paths };
}

function call(origin: string, endpoint: Parameters<typeof oneEndpointAt>[1] = {}) {
  const upstream = oneEndpointAt(origin, endpoint);
  return clientOf().request(upstream, upstream.endpoints.only, {});
}

describe('a redirect of a GET to the same origin is followed:', () => {
  test.each([
    ['absolute', (url: string) => `${url}/repositories/42`, '/repositories/42'],
    ['a path', () => '/repositories/42', '/repositories/42'],
    ['relative', () => 'repositories/42', '/repositories/42'],
    ['with a query', () => '/repositories/42?per_page=3', '/repositories/42?per_page=3'],
    ['with a fragment', () => '/repositories/42#readme', '/repositories/42'],
    ['with a trailing slash', () => '/things/', '/things/'],
    ['with an encoded character', () => '/a%20b', '/a%20b'],
  ])('%s', async (_, location, path) => {
    const { url, paths } = await startRedirecting(location);
    expect((await call(url)).data).toEqual({ ok: true });
    expect(paths()).toEqual(['GET /things HTTP/1.1', `GET ${path} HTTP/1.1`]);
  });

  test.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent'])(
    '%s',
    async (status) => {
      const { url } = await startRedirecting(() => '/other', status);
      expect((await call(url)).data).toEqual({ ok: true });
    },
  );

  test('below the path prefix', async () => {
    const { url, paths } = await startRedirecting((origin) => `${origin}/api/other`);
    expect((await call(`${url}/api`)).data).toEqual({ ok: true });
    expect(paths()).toEqual(['GET /api/things HTTP/1.1', 'GET /api/other HTTP/1.1']);
  });

  test('with the headers of the first request', async () => {
    const { url, heads } = await startRedirecting(() => '/other');
    await call(url);
    const headersOf = (head = '') => head.split('\r\n').slice(1).sort();
    expect(headersOf(heads[1])).toEqual(headersOf(heads[0]));
  });

  test('of a stream, also of HEAD', async () => {
    const { url, heads } = await startRawServer((socket, head) => {
      const moved = wire('302 Found', { ...bytesType, location: '/moved' });
      socket.write(
        /^\w+ \/bytes /.test(head) ? moved : wire('200 OK', { ...bytesType, 'content-length': '0' }),
      );
    });
    const { download } = rawClientOf(url);
    expect((await readAll(await download())).ended).toBe('whole');
    expect((await download({ method: 'HEAD' })).status).toBe(200);
    expect(heads.map((head) => head.split(' ', 2).join(' '))).toEqual([
      'GET /bytes',
      'GET /moved',
      'HEAD /bytes',
      'HEAD /moved',
    ]);
  });

  test('of a configured URL', async () => {
    const { url } = await startRedirecting(() => '/feed.json');
    expect(await clientOf().fetchJson('feed', `${url}/things`)).toEqual({ ok: true });
  });
});

describe('a redirect is not followed:', () => {
  test.each([
    ['to another host', () => 'https://elsewhere.example.org/things'],
    ['to another port', (url: string) => url.replace(/\d+$/, '1')],
    ['to another scheme', (url: string) => `${url.replace('http:', 'https:')}/other`],
    ['to another host without a scheme', () => '//elsewhere.example.org/things'],
    ['to a metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
    ['to a URL with a user', (url: string) => `${url.replace('://', '://user@')}/other`],
    ['to a URL with a password', (url: string) => `${url.replace('://', '://:secret@')}/other`],
    ['to a script', () => 'javascript:alert(1)'],
    ['to an encoded slash', () => '/a%2f..%2fb'],
    ['to an encoded backslash', () => '/a%5cb'],
    ['to an empty segment', () => '/a//b'],
    ['to a path parameter', () => '/a;b'],
    ['to a control character', () => '/a%00b'],
    ['to a path that is too long', () => `/${'a'.repeat(limits.upstream.path.pathLength)}`],
    ['to an invalid URL', () => 'http://['],
  ])('%s', async (_, location) => {
    const { url, heads } = await startRedirecting(location);
    expect(await upstreamFailureOf(call(url))).toMatchObject({ fault: 'redirect', httpStatus: 502 });
    expect(heads).toHaveLength(1);
  });

  test.each(['/other', '/api/../other', '/api/%2e%2e/other', '/apiary'])(
    'out of the path prefix: %s',
    async (location) => {
      const { url, heads } = await startRedirecting(() => location);
      expect((await upstreamFailureOf(call(`${url}/api`))).fault).toBe('redirect');
      expect(heads).toHaveLength(1);
    },
  );

  test('of a POST', async () => {
    const { url, heads } = await startRedirecting(() => '/other', '307 Temporary Redirect');
    const failure = await upstreamFailureOf(call(url, { method: 'POST', idempotency: 'safe' }));
    expect(failure.fault).toBe('redirect');
    expect(heads).toHaveLength(1);
  });

  test.each([
    ['a 301 without a Location', respondWith('301 Moved', {})],
    ['a 300', respondWith('300 Multiple Choices', { location: '/other' })],
    ['a 304', respondWith('304 Not Modified', { location: '/other' })],
  ] satisfies [string, Script][])('for %s', async (_, script) => {
    const { url, heads } = await startRawServer(script);
    expect((await upstreamFailureOf(call(url))).httpStatus).toBe(502);
    expect(heads).toHaveLength(1);
  });
});

test('a second redirect is not followed', async () => {
  const { url, heads } = await startRawServer(respondWith('302 Found', { location: '/things' }));
  expect((await upstreamFailureOf(call(url))).fault).toBe('redirect');
  expect(heads).toHaveLength(2);
});

test('a missing target of a redirect is a missing resource', async () => {
  const { url } = await startRawServer((socket, head) =>
    socket.write(head.includes('/gone') ? wire('404 No', json) : wire('301 Moved', { location: '/gone' })),
  );
  expect(await upstreamFailureOf(call(url, { mayBeMissing: true }))).toMatchObject({
    fault: 'missing',
    reason: 'not_found',
  });
});

// The deadline closes the connection, too, but later than this test may take.
const { maxDeadline: deadline } = limits.upstream;

test('the body of a redirect is not read, and its connection is closed', {
  timeout: deadline / 2,
}, async () => {
  const closed = Promise.withResolvers<void>();
  const { url } = await startRawServer((socket, head) => {
    if (head.includes('/other')) {
      socket.write(wire('200 OK', json, ok));
      return;
    }
    socket.on('close', () => closed.resolve());
    socket.write(wire('301 Moved', { location: '/other', 'content-length': '1000000' }, 'begun'));
  });
  expect((await call(url, { deadline })).data).toEqual({ ok: true });
  await closed.promise;
});
