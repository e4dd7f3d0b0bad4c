import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ErrorReason } from '#server/errors.ts';
import { createMetrics } from '#server/metrics.ts';
import type { Fault } from '#server/upstream-client/failure.ts';
import * as upstreams from './misbehaviour.ts';
import { answering, inTurn, json, ok, okay, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

const { telling, endingWith, secret, words } = upstreams;

const badAnswer = ['upstream_bad_answer', 502] as const;
const unreachable = ['upstream_unreachable', 502] as const;
const overloaded = ['upstream_overloaded', 503] as const;
const refused = ['upstream_refused', 502] as const;
const timeout = ['upstream_timeout', 504] as const;

type Row = [
  name: string,
  /** What the upstream does, or the origin where it is. */
  misbehaviour: Script | string,
  fault: Fault,
  told: readonly [ErrorReason, number],
  tries: number,
  more?: { deadline?: number; retryAfterSeconds?: number },
];

const charset = { 'content-type': 'application/json; charset=iso-8859-1' };
const latin1 = Buffer.from(`{"${secret}":"\xe9"}`, 'latin1');
const html = { 'content-type': `text/html; x=${secret}` };
const metadata = { location: `http://169.254.169.254/${secret}` };
const range = { 'content-range': 'bytes 0-3/100' };
const short = { deadline: 300 };
const later = { 'retry-after': '30' };
const said = { retryAfterSeconds: 30 };
const long = { 'content-length': '1000' };
const noEnd = endingWith({ 'transfer-encoding': 'chunked' }, `b\r\n${ok}\r\n`);

const table: Row[] = [
  ['connection refused', 'http://127.0.0.1:1', 'connect', unreachable, 3],
  ['a name that cannot be', `http://${'x'.repeat(64)}.invalid`, 'dns', unreachable, 3],
  ['a link-local address', 'http://169.254.169.254', 'address', unreachable, 1],
  ['a private address', 'http://10.0.0.1', 'address', unreachable, 1],
  ['reset before an answer', (socket) => socket.resetAndDestroy(), 'reset', unreachable, 3],
  ['closed before an answer', (socket) => socket.end(), 'reset', unreachable, 3],
  ['reset in the body', upstreams.resetInBody, 'truncated', badAnswer, 3],
  ['never answers', () => undefined, 'deadline', timeout, 1, short],
  ['drips', upstreams.drip, 'deadline', timeout, 1, short],
  ['500 for ever', telling(500), 'server_error', badAnswer, 3],
  ['503', telling(503), 'unavailable', overloaded, 3],
  ['503 till after the deadline', telling(503, later), 'unavailable', overloaded, 1, said],
  ['429 till after the deadline', telling(429, later), 'throttled', overloaded, 1, said],
  ['429', telling(429), 'throttled', overloaded, 1],
  ['400', telling(400), 'client_error', refused, 1],
  ['302 to a metadata service', telling(302, metadata), 'redirect', badAnswer, 1],
  ['206 unasked', telling(206, range), 'status', badAnswer, 1],
  ['304 unasked', telling(304, {}, ''), 'status', badAnswer, 1],
  ['another media type', telling(200, html), 'media_type', badAnswer, 1],
  ['another charset', telling(200, charset, ok), 'charset', badAnswer, 1],
  ['bytes that are not UTF-8', telling(200, {}, latin1), 'charset', badAnswer, 1],
  ['invalid JSON', telling(200, {}, `{"${secret}`), 'not_json', badAnswer, 1],
  ['another schema', telling(200), 'schema', badAnswer, 1],
  ['shorter than its length', endingWith(long, words), 'truncated', badAnswer, 3],
  ['no last chunk', noEnd, 'truncated', badAnswer, 3],
  ['a length that is too long', telling(200, long), 'deadline', timeout, 1, short],
  ['a length that is too short', telling(200, { 'content-length': '5' }), 'not_json', badAnswer, 1],
  ['a gzip bomb', upstreams.gzipBomb(4), 'too_large', badAnswer, 1],
  ['endless headers', upstreams.endlessHeaders, 'protocol', badAnswer, 1],
  ['not HTTP', (socket) => socket.write(`SSH-2.0-${secret}\r\n\r\n`), 'protocol', badAnswer, 1],
];

describe('every misbehaviour has its fault', () => {
  test.each(table)('%s', async (_, misbehaviour, fault, [reason, httpStatus], tries, more = {}) => {
    const server = typeof misbehaviour === 'string' ? undefined : await startRawServer(misbehaviour);
    const { deadline = 5_000, retryAfterSeconds } = more;
    const upstream = oneEndpointAt(server?.url ?? String(misbehaviour), { deadline });
    const { observer, tried, called } = recordingObserver();
    const call = clientOf({}, { observer }).request(upstream, upstream.endpoints.only, {});
    const failure = await upstreamFailureOf(call);
    expect(failure).toMatchObject({ fault, reason, httpStatus, retryAfterSeconds });
    expect(tried).toEqual(Array.from({ length: tries }, () => `sample ${fault}`));
    expect(called).toEqual([`sample ${fault}`]);
    if (server) expect(server.heads).toHaveLength(tries);
    const everything = inspect(failure, { depth: null, showHidden: true, maxStringLength: null });
    expect(everything).not.toContain(secret);
  });
});

test('the keys of its JSON are words of the upstream too', async () => {
  const { url } = await startRawServer(answering('200 OK', json, JSON.stringify({ [secret]: 'none' })));
  const upstream = oneEndpointAt(url);
  const answer = { kind: 'json', schema: z.record(z.string(), z.number()) } as const;
  const call = clientOf().request(upstream, { ...upstream.endpoints.only, answer }, {});
  const failure = await upstreamFailureOf(call);
  expect(failure.fault).toBe('schema');
  expect(inspect(failure, { depth: null, showHidden: true, maxStringLength: null })).not.toContain(secret);
});

test('500s, then an answer: the caller sees nothing of it', async () => {
  const { url, heads } = await startRawServer(inTurn(telling(500), telling(500), okay));
  const { observer, tried, called } = recordingObserver();
  const upstream = oneEndpointAt(url);
  const answer = await clientOf({}, { observer }).request(upstream, upstream.endpoints.only, {});
  expect(answer).toMatchObject({ data: { ok: true }, status: 200 });
  expect(heads).toHaveLength(3);
  expect(tried).toEqual(['sample server_error', 'sample server_error', 'sample ok']);
  expect(called).toEqual(['sample ok']);
});

test('a second answer behind the first is not the answer of the next call', async () => {
  const two = Buffer.concat([wire('200 OK', json, ok), wire('200 OK', json, '{"ok":false}')]);
  const { url } = await startRawServer((socket) => socket.write(two));
  const upstream = oneEndpointAt(url);
  const client = clientOf();
  for (let call = 0; call < 3; call += 1) {
    expect((await client.request(upstream, upstream.endpoints.only, {})).data).toEqual({ ok: true });
  }
});

test('a bomb is not unpacked', async () => {
  const { url } = await startRawServer(upstreams.gzipBomb(32));
  const upstream = oneEndpointAt(url);
  const before = process.resourceUsage().maxRSS;
  const failure = await upstreamFailureOf(clientOf().request(upstream, upstream.endpoints.only, {}));
  expect(failure.fault).toBe('too_large');
  // In kilobytes: a quarter of what is in the bomb.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(128 * 1024);
});

test.each([
  ['server_error', 3, telling(500)],
  ['throttled', 1, telling(429, later)],
  ['schema', 1, telling(200)],
  ['ok', 1, okay],
] as const)('the metrics count tries and calls: %s', async (outcome, tries, script) => {
  const metrics = createMetrics();
  const upstream = oneEndpointAt((await startRawServer(script)).url);
  const client = clientOf({}, { observer: metrics.upstreams });
  const call = client.request(upstream, upstream.endpoints.only, {});
  await (outcome === 'ok' ? call : upstreamFailureOf(call));
  const text = await metrics.text();
  const labels = `{upstream="sample",outcome="${outcome}"}`;
  expect(text).toContain(`\nbff_upstream_tries_total${labels} ${tries}\n`);
  expect(text).toContain(`\nbff_upstream_calls_total${labels} 1\n`);
  expect(text).toContain('\nbff_upstream_call_duration_seconds_count{upstream="sample"} 1\n');
});
