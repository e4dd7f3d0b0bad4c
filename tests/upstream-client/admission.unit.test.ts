import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { Admission } from '#server/upstream-client/admission.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const { breaker, queueRetryAfterSeconds, throttlePause } = limits.upstream;
const pauseSeconds = throttlePause / 1000;

fakeClocks();

let admission: Admission;
beforeEach(() => {
  admission = new Admission(() => undefined);
});

/** Returns the failure with which a call is rejected; undefined if it is admitted. */
function rejection(check: () => unknown): unknown {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return { fault: error.fault, retryAfterSeconds: error.retryAfterSeconds };
  }
}

function openBreaker(): void {
  const reports = Array.from({ length: breaker.minimumAttempts }, () => admission.acquire());
  for (const report of reports) report('failure');
}

describe('a call that waited in the queue', () => {
  test('is admitted if nothing has changed', () => {
    expect(rejection(() => admission.recheck('closed'))).toBeUndefined();
  });

  test('is rejected after the circuit has opened, with a short Retry-After', () => {
    openBreaker();
    expect(rejection(() => admission.recheck('closed'))).toEqual({
      fault: 'breaker_open',
      retryAfterSeconds: queueRetryAfterSeconds,
    });
  });

  test('is rejected during a pause, with the rest of the pause', () => {
    admission.pause.begin(30);
    advance(10_000);
    expect(rejection(() => admission.recheck('closed'))).toEqual({ fault: 'paused', retryAfterSeconds: 20 });
  });

  test('is admitted if it is the probe', () => {
    openBreaker();
    advance(breaker.openFor);
    admission.acquire();
    expect(rejection(() => admission.recheck('half_open'))).toBeUndefined();
  });
});

test('a pause has precedence over an open circuit, because it lasts longer', () => {
  openBreaker();
  admission.pause.begin(60);
  expect(rejection(() => admission.acquire())).toEqual({ fault: 'paused', retryAfterSeconds: 60 });
});

test('a rejection asks callers to wait for whole seconds, rounded up', () => {
  openBreaker();
  advance(1);
  expect(rejection(() => admission.acquire())).toEqual({
    fault: 'breaker_open',
    retryAfterSeconds: breaker.openFor / 1000,
  });
});

describe('a pause', () => {
  test('of 0 seconds rejects no call, but callers are asked to wait for a second', () => {
    expect(admission.pause.begin(0)).toBe(1);
    expect(rejection(() => admission.acquire())).toBeUndefined();
  });

  test('is not shortened by a later one', () => {
    admission.pause.begin(30);
    advance(1_000);
    expect(admission.pause.begin(5)).toBe(29);
    expect(admission.pause.begin(60)).toBe(60);
  });

  test('without a stated time does not shorten a stated one', () => {
    admission.pause.begin(30);
    expect(admission.pause.begin(undefined)).toBe(30);
  });
});

describe('the row of throttled responses, with which a pause doubles', () => {
  test('does not include responses that state a time', () => {
    admission.pause.begin(1);
    advance(1_000);
    expect(admission.pause.begin(undefined)).toBe(pauseSeconds);
  });

  test('does not include responses to requests that were sent before the pause', () => {
    admission.pause.begin(undefined);
    expect(admission.pause.begin(undefined)).toBe(pauseSeconds);
    advance(throttlePause);
    expect(admission.pause.begin(undefined)).toBe(2 * pauseSeconds);
  });

  test('is not ended by the success of a request that was sent before the pause', () => {
    admission.pause.begin(undefined);
    advance(throttlePause - 1);
    admission.pause.succeeded();
    advance(1);
    expect(admission.pause.begin(undefined)).toBe(2 * pauseSeconds);
  });

  test('is ended by a success after the pause', () => {
    admission.pause.begin(undefined);
    advance(throttlePause);
    admission.pause.succeeded();
    expect(admission.pause.begin(undefined)).toBe(pauseSeconds);
  });
});
