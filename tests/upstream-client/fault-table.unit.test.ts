import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ErrorReason } from '#server/errors.ts';
import { createMetrics } from '#server/metrics.ts';
import type { Fault } from '#server/upstream-client/failure.ts';
import * as upstreams from './misbehaviour.ts';
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
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

const { respondWithSecret, respondAndClose, secret, words } = upstreams;

const badAnswer = ['upstream_bad_answer', 502] as const;
const unreachable = ['upstream_unreachable', 502] as const;
const overloaded = ['upstream_overloaded', 503] as const;
const refused = ['upstream_refused', 502] as const;
const timeout = ['upstream_timeout', 504] as const;

type Row = [
  name: string,
  /** Behaviour of the upstream, or its origin if nothing runs there. */
  misbehaviour: Script | string,
  fault: Fault,
  expected: readonly [ErrorReason, number],
  expectedAttempts: number,
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
/** Of a 503 whose cause gives no time. */
const byDefault = { retryAfterSeconds: 5 };
const long = { 'content-length': '1000' };
const noEnd = respondAndClose({ 'transfer-encoding': 'chunked' }, `b\r\n${ok}\r\n`);

const table: Row[] = [
  ['connection refused', 'http://127.0.0.1:1', 'connect', unreachable, 3],
  ['an invalid host name', `http://${'x'.repeat(64)}.invalid`, 'dns', unreachable, 3],
  ['a link-local address', 'http://169.254.169.254', 'address', unreachable, 1],
  ['a private address', 'http://10.0.0.1', 'address', unreachable, 1],
  ['a reset before the response', (socket) => socket.resetAndDestroy(), 'reset', unreachable, 3],
  ['a close before the response', (socket) => socket.end(), 'reset', unreachable, 3],
  ['a reset in the body', upstreams.resetInBody, 'truncated', badAnswer, 3],
  ['no response', () => undefined, 'deadline', timeout, 1, short],
  ['a dripping body', upstreams.drip, 'deadline', timeout, 1, short],
  ['a permanent 500', respondWithSecret(500), 'server_error', badAnswer, 3],
  ['a 503', respondWithSecret(503), 'unavailable', overloaded, 3, byDefault],
  [
    'a 503 with Retry-After beyond the deadline',
    respondWithSecret(503, later),
    'unavailable',
    overloaded,
    1,
    said,
  ],
  [
    'a 429 with Retry-After beyond the deadline',
    respondWithSecret(429, later),
    'throttled',
    overloaded,
    1,
    said,
  ],
  ['a 429', respondWithSecret(429), 'throttled', overloaded, 1, byDefault],
  ['a 400', respondWithSecret(400), 'client_error', refused, 1],
  ['a 302 to a metadata service', respondWithSecret(302, metadata), 'redirect', badAnswer, 1],
  ['an unrequested 206', respondWithSecret(206, range), 'status', badAnswer, 1],
  ['an unrequested 304', respondWithSecret(304, {}, ''), 'status', badAnswer, 1],
  ['another media type', respondWithSecret(200, html), 'media_type', badAnswer, 1],
  ['another charset', respondWithSecret(200, charset, ok), 'charset', badAnswer, 1],
  ['bytes that are not UTF-8', respondWithSecret(200, {}, latin1), 'charset', badAnswer, 1],
  ['invalid JSON', respondWithSecret(200, {}, `{"${secret}`), 'not_json', badAnswer, 1],
  ['another schema', respondWithSecret(200), 'schema', badAnswer, 1],
  ['a body shorter than its Content-Length', respondAndClose(long, words), 'truncated', badAnswer, 3],
  ['a missing last chunk', noEnd, 'truncated', badAnswer, 3],
  ['a Content-Length that is too long', respondWithSecret(200, long), 'deadline', timeout, 1, short],
  [
    'a Content-Length that is too short',
    respondWithSecret(200, { 'content-length': '5' }),
    'not_json',
    badAnswer,
    1,
  ],
  ['a gzip bomb', upstreams.gzipBomb(4), 'too_large', badAnswer, 1],
  ['endless headers', upstreams.endlessHeaders, 'protocol', badAnswer, 1],
  ['not HTTP', (socket) => socket.write(`SSH-2.0-${secret}\r\n\r\n`), 'protocol', badAnswer, 1],
];

describe('every misbehaviour maps to a fault', () => {
  test.each(table)(
    '%s',
    async (_, misbehaviour, fault, [reason, httpStatus], expectedAttempts, more = {}) => {
      const server = typeof misbehaviour === 'string' ? undefined : await startRawServer(misbehaviour);
      const { deadline = 5_000, retryAfterSeconds } = more;
      const upstream = oneEndpointAt(server?.url ?? String(misbehaviour), { deadline });
      const { observer, attempts, calls } = recordingObserver();
      const call = clientOf({}, { observer }).request(upstream, upstream.endpoints.only, {});
      const failure = await upstreamFailureOf(call);
      expect(failure).toMatchObject({ fault, reason, httpStatus, retryAfterSeconds });
      expect(attempts).toEqual(Array.from({ length: expectedAttempts }, () => `sample ${fault}`));
      expect(calls).toEqual([`sample ${fault}`]);
      if (server) expect(server.heads).toHaveLength(expectedAttempts);
      const everything = inspect(failure, { depth: null, showHidden: true, maxStringLength: null });
      expect(everything).not.toContain(secret);
    },
  );
});

test('a failure does not contain the keys of the JSON of the upstream', async () => {
  const { url } = await startRawServer(respondWith('200 OK', json, JSON.stringify({ [secret]: 'none' })));
  const upstream = oneEndpointAt(url);
  const answer = { kind: 'json', schema: z.record(z.string(), z.number()) } as const;
  const call = clientOf().request(upstream, { ...upstream.endpoints.only, answer }, {});
  const failure = await upstreamFailureOf(call);
  expect(failure.fault).toBe('schema');
  expect(inspect(failure, { depth: null, showHidden: true, maxStringLength: null })).not.toContain(secret);
});

test('a call that succeeds after retries looks like any other call', async () => {
  const { url, heads } = await startRawServer(
    inSequence(respondWithSecret(500), respondWithSecret(500), respondOk),
  );
  const { observer, attempts, calls } = recordingObserver();
  const upstream = oneEndpointAt(url);
  const response = await clientOf({}, { observer }).request(upstream, upstream.endpoints.only, {});
  expect(response).toMatchObject({ data: { ok: true }, status: 200 });
  expect(heads).toHaveLength(3);
  expect(attempts).toEqual(['sample server_error', 'sample server_error', 'sample ok']);
  expect(calls).toEqual(['sample ok']);
});

test('a second response on the connection is not used for the next call', async () => {
  const two = Buffer.concat([wire('200 OK', json, ok), wire('200 OK', json, '{"ok":false}')]);
  const { url } = await startRawServer((socket) => socket.write(two));
  const upstream = oneEndpointAt(url);
  const client = clientOf();
  for (let call = 0; call < 3; call += 1) {
    expect((await client.request(upstream, upstream.endpoints.only, {})).data).toEqual({ ok: true });
  }
});

test('a gzip bomb is not decompressed', async () => {
  const { url } = await startRawServer(upstreams.gzipBomb(32));
  const upstream = oneEndpointAt(url);
  const before = process.resourceUsage().maxRSS;
  const failure = await upstreamFailureOf(clientOf().request(upstream, upstream.endpoints.only, {}));
  expect(failure.fault).toBe('too_large');
  // Kilobytes; a quarter of the decompressed size of the bomb.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(128 * 1024);
});

test.each([
  ['server_error', 3, respondWithSecret(500)],
  ['throttled', 1, respondWithSecret(429, later)],
  ['schema', 1, respondWithSecret(200)],
  ['ok', 1, respondOk],
] as const)('the metrics count attempts and calls: %s', async (outcome, expectedAttempts, script) => {
  const metrics = createMetrics();
  const upstream = oneEndpointAt((await startRawServer(script)).url);
  const client = clientOf({}, { observer: metrics.upstreams });
  const call = client.request(upstream, upstream.endpoints.only, {});
  await (outcome === 'ok' ? call : upstreamFailureOf(call));
  const text = await metrics.text();
  const labels = `{upstream="sample",outcome="${outcome}"}`;
  expect(text).toContain(`\nbff_upstream_tries_total${labels} ${expectedAttempts}\n`);
  expect(text).toContain(`\nbff_upstream_calls_total${labels} 1\n`);
  expect(text).toContain('\nbff_upstream_call_duration_seconds_count{upstream="sample"} 1\n');
});
