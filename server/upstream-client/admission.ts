import { limits } from '../config/limits.ts';
import { type BreakerState, CircuitBreaker, type Permit } from './circuit-breaker.ts';
import { UpstreamFailure } from './failure.ts';

const { pauseCap, queueRetryAfterSeconds } = limits.upstream;

/**
 * Decides whether a request may be sent to an upstream: not while its circuit breaker is open, and not during a pause
 * that the upstream asked for with Retry-After.
 */
export class Admission {
  readonly #breaker: CircuitBreaker;
  #pausedUntil = 0;

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

  /** Pauses all requests for the given time, or keeps a longer pause. */
  pause(seconds = 0): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + Math.min(seconds * 1000, pauseCap));
  }

  #rejectDuringPause(): void {
    const left = this.pauseLeft;
    if (left > 0) throw new UpstreamFailure('paused', { retryAfterSeconds: wholeSeconds(left) });
  }
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
