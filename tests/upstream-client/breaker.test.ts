import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, failing, startFickle } from './fickle.ts';
import { answering, json, ok, okay, type Script } from './raw-server.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts: minimumTries } = limits.upstream.breaker;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the circuit opens', () => {
  test('when more than half of enough calls failed', async () => {
    const { times, states, breaker } = await startFickle();
    await times(minimumTries / 2, okay);
    await times(minimumTries / 2, failing);
    expect(states()).toEqual(['closed', 'closed']);
    await times(1, failing);
    expect(states()).toEqual(['open', 'closed']);
    expect(breaker).toEqual(['sample closed', 'sample open']);
  });

  test('not for few', async () => {
    const { times, states } = await startFickle();
    await times(minimumTries - 1, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test('not for what happened before the window', async () => {
    const { times, states } = await startFickle();
    await times(minimumTries - 1, failing);
    advance(60 * 60_000);
    await times(1, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test.each([
    ['schema', answering('200 OK', json, '{}')],
    ['not_json', answering('200 OK', json, '{')],
    ['redirect', answering('302 Found', { location: '/' })],
    ['media_type', answering('200 OK', {}, ok)],
    ['unavailable', answering('503 No', {})],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['protocol', (socket) => socket.write('no\r\n\r\n')],
  ] satisfies [string, Script][])('for %s', async (fault, script) => {
    const { times, states, tried } = await startFickle();
    await times(minimumTries, script);
    expect(new Set(tried)).toEqual(new Set([`sample ${fault}`]));
    expect(states()).toEqual(['open', 'closed']);
  });

  test.each([400, 401, 403, 404, 410, 422, 429])('never for %d', async (status) => {
    const { times, states, heads, breaker } = await startFickle();
    await times(5 * minimumTries, answering(`${status} No`, json, '{}'));
    expect(heads).toHaveLength(5 * minimumTries);
    expect(states()).toEqual(['closed', 'closed']);
    expect(breaker).toEqual(['sample closed']);
  });

  test('never for callers that leave', async () => {
    const { behaviour, ask, heads, states, tried } = await startFickle();
    for (let call = 0; call < 2 * minimumTries; call += 1) {
      const abort = new AbortController();
      behaviour.script = () => abort.abort();
      await upstreamFailureOf(ask(abort.signal));
    }
    expect(heads).toHaveLength(2 * minimumTries);
    expect(new Set(tried)).toEqual(new Set(['sample cancelled']));
    expect(states()).toEqual(['closed', 'closed']);
  });
});

describe('while it is open', () => {
  test('nothing is sent, and callers are told when', async () => {
    const { times, ask, heads } = await startFickle();
    await times(minimumTries, failing);
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
    expect(heads).toHaveLength(minimumTries);
  });

  test('other upstreams are asked as ever', async () => {
    const { times, askOther, states } = await startFickle();
    await times(minimumTries, failing);
    expect((await askOther()).data).toEqual({ ok: true });
    expect(states()).toEqual(['open', 'closed']);
  });
});
