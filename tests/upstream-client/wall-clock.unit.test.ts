import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, fakeClocks, setWallClock } from '#tests/support/fake-clock.ts';
import { failing, startFlaky } from './flaky.ts';
import { respondOk, respondWith } from './raw-server.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;
const hour = 60 * 60_000;

fakeClocks();

describe.each([
  ['forward', hour],
  ['back', -hour],
])('a wall clock that is set %s by an hour', (_, shift) => {
  test('neither closes a circuit early nor keeps it open', async () => {
    const { times, ask, behaviour } = await startFlaky();
    await times(minimumAttempts, failing);
    behaviour.script = respondOk;
    setWallClock(shift);
    advance(openFor - 1);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'breaker_open', retryAfterSeconds: 1 });
    advance(1);
    expect((await ask()).data).toEqual({ ok: true });
  });

  test('does not drop the failures that a circuit has counted', async () => {
    const { times, states } = await startFlaky();
    await times(minimumAttempts - 1, failing);
    setWallClock(shift);
    await times(1, failing);
    expect(states()).toEqual(['open', 'closed']);
  });

  test('neither ends nor prolongs a pause', async () => {
    const { times, ask, behaviour } = await startFlaky();
    await times(1, respondWith('429 Later', { 'retry-after': '7' }));
    behaviour.script = respondOk;
    setWallClock(shift);
    advance(6_999);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'paused', retryAfterSeconds: 1 });
    advance(1);
    expect((await ask()).data).toEqual({ ok: true });
  });
});
