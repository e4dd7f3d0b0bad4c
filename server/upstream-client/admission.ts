import { limits } from '../config/limits.ts';
import { type BreakerState, CircuitBreaker, type Permit } from './circuit-breaker.ts';
import { UpstreamFailure } from './failure.ts';
import { Pause, wholeSeconds } from './pause.ts';

const { queueRetryAfterSeconds } = limits.upstream;

/**
 * Decides whether a request may be sent to an upstream: not while its circuit breaker is open, and not during a pause
 * after a response that asked for one.
 */
export class Admission {
  readonly #breaker: CircuitBreaker;
  readonly pause = new Pause();

  constructor(onBreakerChange: (state: BreakerState) => void) {
    this.#breaker = new CircuitBreaker(onBreakerChange);
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** @throws UpstreamFailure `paused` or `breaker_open` */
  acquire(): Permit {
    this.pause.reject();
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
    this.pause.reject();
    if (this.#breaker.state !== stateBefore) {
      throw new UpstreamFailure('breaker_open', { retryAfterSeconds: queueRetryAfterSeconds });
    }
  }
}
