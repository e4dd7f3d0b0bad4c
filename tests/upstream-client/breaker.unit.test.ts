import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { failing, startFlaky } from './flaky.ts';
import { json, ok, respondOk, respondWith, type Script, wire } from './raw-server.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts } = limits.upstream.breaker;

fakeClocks();

describe('the circuit', () => {
  test('opens when more than half of the calls failed, given the minimum number of calls', async () => {
    const { times, states, breaker } = await startFlaky();
    await times(minimumAttempts / 2, respondOk);
    await times(minimumAttempts / 2, failing);
    expect(states()).toEqual(['closed', 'closed']);
    await times(1, failing);
    expect(states()).toEqual(['open', 'closed']);
    expect(breaker).toEqual(['sample closed', 'sample open']);
  });

  test('does not open for fewer calls than the minimum', async () => {
    const { times, states } = await startFlaky();
    await times(minimumAttempts - 1, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test('does not open for failures before the window', async () => {
    const { times, states } = await startFlaky();
    await times(minimumAttempts - 1, failing);
    advance(60 * 60_000);
    await times(1, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test.each([
    ['server_error', respondWith('500 No', {})],
    ['unavailable', respondWith('503 No', {})],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['protocol', (socket) => socket.write('no\r\n\r\n')],
    ['truncated', (socket) => socket.end(wire('200 OK', { ...json, 'content-length': '99' }, ok))],
  ] satisfies [string, Script][])('opens for the fault %s', async (fault, script) => {
    const { times, states, attempts } = await startFlaky();
    await times(minimumAttempts, script);
    expect(new Set(attempts)).toEqual(new Set([`sample ${fault}`]));
    expect(states()).toEqual(['open', 'closed']);
  });

  const large = Buffer.alloc(limits.upstream.responseBytes + 1, ' ');
  test.each([
    ['schema', respondWith('200 OK', json, '{}')],
    ['not_json', respondWith('200 OK', json, '{')],
    ['redirect', respondWith('302 Found', { location: 'https://elsewhere.example.org/' })],
    ['redirect', respondWith('300 Multiple Choices', {})],
    ['status', respondWith('206 Partial Content', json, ok)],
    ['status', respondWith('304 Not Modified', {})],
    ['media_type', respondWith('200 OK', {}, ok)],
    ['media_type', respondWith('200 OK', { 'content-type': 'text/html' }, ok)],
    ['charset', respondWith('200 OK', { 'content-type': 'application/json; charset=utf-16' }, ok)],
    ['too_large', respondWith('200 OK', json, large)],
    ['client_error', respondWith('501 Not Implemented', {})],
    ['client_error', respondWith('505 HTTP Version Not Supported', {})],
    ['client_error', respondWith('507 Insufficient Storage', {})],
  ] satisfies [string, Script][])(
    'never opens for the fault %s, which a caller can cause',
    async (fault, script) => {
      const { times, states, attempts, behaviour, ask } = await startFlaky();
      await times(2 * minimumAttempts, script);
      expect(attempts).toEqual(Array.from({ length: 2 * minimumAttempts }, () => `sample ${fault}`));
      expect(states()).toEqual(['closed', 'closed']);
      behaviour.script = respondOk;
      expect((await ask()).data).toEqual({ ok: true });
    },
  );

  test.each([400, 401, 403, 404, 410, 422, 429])('never opens for status %d', async (status) => {
    const { times, states, heads, breaker } = await startFlaky();
    await times(5 * minimumAttempts, respondWith(`${status} No`, { ...json, 'retry-after': '0' }, '{}'));
    expect(heads).toHaveLength(5 * minimumAttempts);
    expect(states()).toEqual(['closed', 'closed']);
    expect(breaker).toEqual(['sample closed']);
  });

  test('never opens for callers that disconnect', async () => {
    const { behaviour, ask, heads, states, attempts } = await startFlaky();
    for (let call = 0; call < 2 * minimumAttempts; call += 1) {
      const abort = new AbortController();
      behaviour.script = () => abort.abort();
      await upstreamFailureOf(ask(abort.signal));
    }
    expect(heads).toHaveLength(2 * minimumAttempts);
    expect(new Set(attempts)).toEqual(new Set(['sample cancelled']));
    expect(states()).toEqual(['closed', 'closed']);
  });
});

describe('while the circuit is open', () => {
  test('no request is sent, and callers get the seconds until the next probe', async () => {
    const { times, ask, heads } = await startFlaky();
    await times(minimumAttempts, failing);
    for (const [passed, retryAfterSeconds] of [
      [0, 5],
      [3_000, 2],
      [1_999, 1],
    ] as const) {
      advance(passed);
      const failure = await upstreamFailureOf(ask());
      expect(failure).toMatchObject({
        fault: 'breaker_open',
        reason: 'upstream_overloaded',
        retryAfterSeconds,
      });
    }
    expect(heads).toHaveLength(minimumAttempts);
  });

  test('other upstreams are unaffected', async () => {
    const { times, requestOther, states } = await startFlaky();
    await times(minimumAttempts, failing);
    expect((await requestOther()).data).toEqual({ ok: true });
    expect(states()).toEqual(['open', 'closed']);
  });
});
