import { limits } from '../config/limits.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { type BreakerState, CircuitBreaker, type Permit } from './circuit-breaker.ts';
import { UpstreamFailure } from './failure.ts';

const { throttlePause, throttlePauseCap, queueRetryAfterSeconds } = limits.upstream;

/**
 * Decides whether a request may be sent to an upstream: not while its circuit breaker is open, and not during a pause
 * after a response that asked for one.
 */
export class Admission {
  readonly #breaker: CircuitBreaker;
  #pausedUntil = 0;
  /** Number of throttled responses without a stated time, each after the pause of the one before it. */
  #throttledInARow = 0;

  constructor(onBreakerChange: (state: BreakerState) => void) {
    this.#breaker = new CircuitBreaker(onBreakerChange);
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** Milliseconds until the pause ends. Negative if there is none. */
  get pauseLeft(): number {
    return this.#pausedUntil - performance.now();
  }

  /** @throws UpstreamFailure `paused` or `breaker_open` */
  acquire(): Permit {
    this.#rejectDuringPause();
    const permit = this.#breaker.acquire();
    if (typeof permit === 'function') return permit;
    throw new UpstreamFailure('breaker_open', { retryAfterSeconds: wholeSeconds(permit) });
  }

  /**
   * Checks a call again after it waited in the queue: a pause may have begun or the breaker may have changed.
   *
   * @param stateBefore the breaker's state when the call entered the queue
   * @throws UpstreamFailure `paused` or `breaker_open`
   */
  recheck(stateBefore: BreakerState): void {
    this.#rejectDuringPause();
    if (this.#breaker.state !== stateBefore) {
      throw new UpstreamFailure('breaker_open', { retryAfterSeconds: queueRetryAfterSeconds });
    }
  }

  /**
   * Pauses all requests for the time that the upstream stated. Without one, the pause doubles with each throttled
   * response in a row. Keeps a longer pause.
   *
   * @returns seconds until the pause ends
   */
  pause(statedSeconds: number | undefined): number {
    let milliseconds = 0;
    if (statedSeconds !== undefined) milliseconds = statedSeconds * 1000;
    // Responses to requests that were sent before the pause do not extend it.
    else if (this.pauseLeft <= 0) {
      this.#throttledInARow += 1;
      milliseconds = exponentialBackoff(this.#throttledInARow, {
        base: throttlePause,
        cap: throttlePauseCap,
      });
    }
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + milliseconds);
    return wholeSeconds(this.pauseLeft);
  }

  /** Ends the row of throttled responses. */
  succeeded(): void {
    if (this.pauseLeft <= 0) this.#throttledInARow = 0;
  }

  #rejectDuringPause(): void {
    const left = this.pauseLeft;
    if (left > 0) throw new UpstreamFailure('paused', { retryAfterSeconds: wholeSeconds(left) });
  }
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
