import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { failing, startFlaky } from './flaky.ts';
import { json, ok, respondOk, wire } from './raw-server.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;

fakeClocks();

/** Sets up a circuit that has just become half-open, with a pending probe. */
async function setUpProbe() {
  const upstream = await startFlaky();
  await upstream.times(minimumAttempts, failing);
  advance(openFor);
  const received = Promise.withResolvers<(bytes: Buffer) => void>();
  upstream.behaviour.script = (socket) => received.resolve((bytes) => socket.write(bytes));
  const abort = new AbortController();
  const probe = upstream.ask(abort.signal).then(
    () => 'ok',
    () => 'failed',
  );
  return { ...upstream, abort, probe, respond: await received.promise };
}

describe('a half-open circuit sends one probe', () => {
  test('other calls are rejected meanwhile, and a success closes the circuit', async () => {
    const { ask, probe, respond, heads, states, breaker, times } = await setUpProbe();
    expect(states()).toEqual(['half_open', 'closed']);
    for (const call of [ask(), ask()]) {
      expect(await upstreamFailureOf(call)).toMatchObject({ fault: 'breaker_open', retryAfterSeconds: 1 });
    }
    expect(heads).toHaveLength(minimumAttempts + 1);
    respond(wire('200 OK', json, ok));
    expect(await probe).toBe('ok');
    expect(breaker).toEqual(['sample closed', 'sample open', 'sample half_open', 'sample closed']);
    // Earlier failures no longer count.
    await times(minimumAttempts / 2, failing);
    expect(states()).toEqual(['closed', 'closed']);
  });

  test('a failure opens the circuit for the full time again', async () => {
    const { ask, probe, respond, heads, breaker } = await setUpProbe();
    respond(wire('500 No', json));
    expect(await probe).toBe('failed');
    expect(breaker).toEqual(['sample closed', 'sample open', 'sample half_open', 'sample open']);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'breaker_open', retryAfterSeconds: 5 });
    expect(heads).toHaveLength(minimumAttempts + 1);
  });

  test('after a cancelled probe, the next call is the probe', async () => {
    const { ask, probe, abort, breaker, behaviour } = await setUpProbe();
    abort.abort();
    expect(await probe).toBe('failed');
    behaviour.script = respondOk;
    expect((await ask()).data).toEqual({ ok: true });
    expect(breaker).toEqual([
      'sample closed',
      'sample open',
      'sample half_open',
      'sample open',
      'sample half_open',
      'sample closed',
    ]);
  });

  test('a 4xx closes the circuit', async () => {
    const { probe, respond, states } = await setUpProbe();
    respond(wire('404 No', json));
    expect(await probe).toBe('failed');
    expect(states()).toEqual(['closed', 'closed']);
  });
});
