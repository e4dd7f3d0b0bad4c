import { expect, test } from 'vitest';
import { observeCall } from '#server/upstream-client/exchange.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';
import type { UpstreamObserver } from '#server/upstream-client/observer.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

fakeClocks();

test.each([
  ['succeeds', undefined, [['sample', 'ok', 0.05]]],
  ['fails', new UpstreamFailure('reset'), [['sample', 'reset', 0.05]]],
  ['ends with an error of this side', new TypeError('a mistake'), []],
])(
  'the report on a call that %s has its outcome and its duration, if they concern the upstream',
  async (_, error, reported) => {
    const ended: unknown[] = [];
    const observer: UpstreamObserver = {
      attemptEnded: () => undefined,
      callEnded: (...event) => void ended.push(event),
      breakerChanged: () => undefined,
      cacheLookup: () => undefined,
      transferred: () => undefined,
    };
    advance(7);
    const call = observeCall(observer, 'sample', async () => {
      advance(50);
      if (error) throw error;
    });
    await call.catch((thrown: unknown) => expect(thrown).toBe(error));
    expect(ended).toEqual(reported);
  },
);
