import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, failing, startFickle } from './fickle.ts';
import { json, ok, wire } from './raw-server.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts: minimumTries, openFor } = limits.upstream.breaker;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An open circuit whose time is over, and a probe that is not yet answered. */
async function setUpProbe() {
  const upstream = await startFickle();
  await upstream.times(minimumTries, failing);
  advance(openFor);
  const asked = Promise.withResolvers<(bytes: Buffer) => void>();
  upstream.behaviour.script = (socket) => asked.resolve((bytes) => socket.write(bytes));
  const abort = new AbortController();
  const probe = upstream.ask(abort.signal).then(
    () => 'ok',
    () => 'failed',
  );
  return { ...upstream, abort, probe, answer: await asked.promise };
}

describe('after its time one call finds out', () => {
  test('the others are refused meanwhile; an answer closes it', async () => {
    const { ask, probe, answer, heads, states, breaker, times } = await setUpProbe();
    expect(states()).toEqual(['half_open', 'closed']);
    for (const call of [ask(), ask()]) {
      expect(await upstreamFailureOf(call)).toMatchObject({ fault: 'breaker_open', retryAfterSeconds: 1 });
    }
    expect(heads).toHaveLength(minimumTries + 1);
    answer(wire('200 OK', json, ok));
    expect(await probe).toBe('ok');
    expect(breaker).toEqual(['sample closed', 'sample open', 'sample half_open', 'sample closed']);
    // What failed before is forgotten.
    await times(minimumTries / 2, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test('a failure opens it for the whole time again', async () => {
    const { ask, probe, answer, heads, breaker } = await setUpProbe();
    answer(wire('500 No', json));
    expect(await probe).toBe('failed');
    expect(breaker).toEqual(['sample closed', 'sample open', 'sample half_open', 'sample open']);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'breaker_open', retryAfterSeconds: 5 });
    expect(heads).toHaveLength(minimumTries + 1);
  });

  test('a caller that leaves has found out nothing', async () => {
    const { probe, abort, breaker } = await setUpProbe();
    abort.abort();
    expect(await probe).toBe('failed');
    expect(breaker).toEqual(['sample closed', 'sample open', 'sample half_open', 'sample open']);
  });

  test('a 4xx shows the upstream at work', async () => {
    const { probe, answer, states } = await setUpProbe();
    answer(wire('404 No', json));
    expect(await probe).toBe('failed');
    expect(states()).toEqual(['closed', 'closed']);
  });
});
