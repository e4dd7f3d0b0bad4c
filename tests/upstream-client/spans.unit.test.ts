import { expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '#server/errors.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import { withCallSpan } from '#server/upstream-client/trace.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';
import {
  inSequence,
  json,
  ok,
  respondOk,
  respondWith,
  type Script,
  startRawServer,
  wire,
} from './raw-server.ts';
import { bytesType, readAll } from './raw-support.ts';
import { clientOf, failureOf, upstreamFailureOf } from './support.ts';

const spans = recordSpans();
fakeClocks();

const broken = respondWith('500 No', json, '{}');

async function setUp(script: Script) {
  const { url } = await startRawServer(script);
  const common = {
    method: 'GET',
    summary: 'A thing',
    description: 'A thing.',
    mayBeMissing: true,
    example: {},
  } as const;
  const answer = { kind: 'json', schema: z.object({ ok: z.boolean() }) } as const;
  const upstream = defineUpstream({
    name: 'sample',
    title: 'Sample',
    origin: () => url,
    endpoints: {
      plain: { ...common, template: '/things/{id}', params: z.object({ id: z.string() }), answer },
      cached: { ...common, template: '/cached', answer, cache: { freshFor: 1_000, staleIfErrorFor: 60_000 } },
      bytes: {
        ...common,
        template: '/bytes',
        requestHeaders: ['if-match'],
        answer: { kind: 'raw', mediaTypes: ['application/octet-stream'], fileName: 'x' },
      },
    },
  });
  const client = clientOf();
  const { plain, cached, bytes } = upstream.endpoints;
  return {
    url,
    client,
    plain: (signal?: AbortSignal) =>
      client.request(upstream, plain, { params: { id: 'secret' } }, { signal }),
    cached: () => client.request(upstream, cached, {}),
    bytes: (header?: (name: string) => string | null, signal = new AbortController().signal) =>
      client.stream(upstream, bytes, { method: 'GET', signal, ...(header ? { header } : {}) }),
  };
}

const summary = () => spans.map(({ name, kind, failed, ends }) => ({ name, kind, failed, ends }));

test('a call and its attempts are spans, of which a retry has its number', async () => {
  const { url, plain } = await setUp(inSequence(broken, respondOk));
  await plain();
  expect(summary()).toEqual([
    { name: 'upstream sample', kind: 'internal', failed: undefined, ends: 1 },
    { name: 'GET /things/{id}', kind: 'client', failed: 'server_error', ends: 1 },
    { name: 'GET /things/{id}', kind: 'client', failed: undefined, ends: 1 },
  ]);
  const attempt = {
    'bff.upstream': 'sample',
    'http.request.method': 'GET',
    'url.template': '/things/{id}',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(url).port),
  };
  expect(spans.map(({ attributes }) => attributes)).toEqual([
    { 'bff.upstream': 'sample', 'url.template': '/things/{id}' },
    { ...attempt, 'http.response.status_code': 500 },
    { ...attempt, 'http.request.resend_count': 1, 'http.response.status_code': 200 },
  ]);
  const [call, ...attempts] = spans;
  expect(attempts.map(({ parent }) => parent?.spanId)).toEqual([call?.spanId, call?.spanId]);
  expect(JSON.stringify(spans)).not.toContain('secret');
});

test('the port of an origin without one is that of its scheme', async () => {
  const client = clientOf();
  for (const origin of ['http://10.0.0.1', 'https://10.0.0.1']) {
    await upstreamFailureOf(client.fetchJson('feed', `${origin}/feed.json`));
  }
  const attempts = spans.filter(({ kind }) => kind === 'client');
  expect(
    attempts.map(({ name, attributes }) => [name, attributes['server.port'], attributes['url.template']]),
  ).toEqual([
    ['GET', 80, undefined],
    ['GET', 443, undefined],
  ]);
});

test('the span of a call tells where its response came from, if its endpoint has a cache', async () => {
  const { cached, plain } = await setUp(inSequence(respondOk, broken));
  await cached();
  await cached();
  advance(1_000);
  await cached();
  await failureOf(plain());
  const calls = spans.filter(({ kind }) => kind === 'internal');
  expect(calls.map(({ attributes }) => [attributes['bff.cache'], attributes['bff.stands_in']])).toEqual([
    ['miss', false],
    ['hit', false],
    ['stale', true],
    [undefined, undefined],
  ]);
});

test('a missing resource, a caller that left and an invalid input are no failures', async () => {
  const abort = new AbortController();
  const { plain, client } = await setUp(inSequence(respondWith('404 No', json, '{}'), () => abort.abort()));
  expect((await failureOf(plain())).reason).toBe('not_found');
  expect((await upstreamFailureOf(plain(abort.signal))).fault).toBe('cancelled');
  const upstream = defineUpstream({ name: 'none', title: 'None', origin: () => undefined, endpoints: {} });
  const endpoint = {
    method: 'GET',
    template: '/x',
    summary: 's',
    description: 'd',
    answer: { kind: 'json', schema: z.unknown() },
    example: {},
  } as const;
  expect((await failureOf(client.request(upstream, endpoint, {}))).reason).toBe('not_found');
  expect(spans.map(({ failed }) => failed)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test('a stream is a span with an attempt, which an error status fails even if it is forwarded', async () => {
  const { bytes } = await setUp(
    inSequence(
      (socket) => socket.write(wire('200 OK', bytesType, 'bytes')),
      (socket) => socket.write(wire('412 No', {})),
      broken,
    ),
  );
  await readAll(await bytes());
  expect((await bytes(() => '"1"')).status).toBe(412);
  await upstreamFailureOf(bytes());
  expect(spans.map(({ name, failed, ends }) => [name, failed, ends])).toEqual([
    ['upstream sample', undefined, 1],
    ['GET /bytes', undefined, 1],
    ['upstream sample', undefined, 1],
    ['GET /bytes', '412', 1],
    ['upstream sample', 'server_error', 1],
    ['GET /bytes', '500', 1],
  ]);
  const attempts = spans.filter(({ kind }) => kind === 'client');
  expect(attempts.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([200, 412, 500]);
  expect(attempts.every(({ attributes }) => !('http.request.resend_count' in attributes))).toBe(true);
});

test('a body that does not match the schema fails the span of its attempt, too', async () => {
  const { plain } = await setUp(respondWith('200 OK', json, ok.replace('true', '1')));
  await failureOf(plain());
  expect(spans.map(({ failed }) => failed)).toEqual(['schema', 'schema']);
});

test.each([
  ['an input that is rejected', new AppError('invalid_input'), undefined],
  ['an error of the product', new AppError('internal'), 'internal'],
  ['an unexpected error', new TypeError('a mistake'), 'internal'],
])('the span of a call that ends with %s', async (_, error, failed) => {
  const call = withCallSpan({ upstream: { name: 'sample' } }, () => Promise.reject(error));
  await expect(call).rejects.toBe(error);
  expect(spans).toMatchObject([{ failed, ends: 1 }]);
});
