import { limits } from '../config/limits.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Outcome of a call. `ignored`: the call ended for a reason on this side, so it says nothing about the upstream. */
export type Outcome = 'success' | 'failure' | 'ignored';

/** Permission for one call. Must be called once with the outcome of the call. */
export type Permit = (outcome: Outcome) => void;

type Second = { at: number; success: number; failure: number };

const { window, minimumAttempts, threshold, openFor } = limits.upstream.breaker;
const second = 1_000;

/**
 * Stops calls to an upstream that fails too often. While closed, it counts outcomes in a sliding window. While open, it
 * rejects all calls. Then it is half open and permits a single call, the probe, whose outcome closes or reopens it. After
 * an ignored outcome, the next call is the probe: a caller that disconnects must not keep the circuit open.
 * Outcomes of calls that started in an earlier state are discarded.
 */
export class CircuitBreaker {
  readonly #onChange: (state: BreakerState) => void;
  #state: BreakerState = 'closed';
  /** Counts per second of the window, oldest first. */
  #seconds: Second[] = [];
  #openUntil = 0;
  /** Incremented by every state change. A permit of an earlier generation is stale. */
  #generation = 0;

  constructor(onChange: (state: BreakerState) => void) {
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** @returns a permit, or the milliseconds until the next call may be permitted; 0 if that time is unknown */
  acquire(now = performance.now()): Permit | number {
    if (this.#state === 'half_open') return 0;
    if (this.#state === 'open') {
      if (now < this.#openUntil) return this.#openUntil - now;
      this.#setState('half_open');
    }
    const generation = this.#generation;
    return (outcome) => {
      if (generation === this.#generation) this.#record(outcome);
    };
  }

  #record(outcome: Outcome): void {
    const now = performance.now();
    if (this.#state === 'half_open') {
      if (outcome === 'success') this.#setState('closed');
      else this.#open(outcome === 'failure' ? now + openFor : now);
      return;
    }
    if (outcome === 'ignored') return;
    this.#count(outcome, now);
    const failures = this.#seconds.reduce((sum, { failure }) => sum + failure, 0);
    const attempts = this.#seconds.reduce((sum, { success, failure }) => sum + success + failure, 0);
    if (outcome === 'failure' && attempts >= minimumAttempts && failures > threshold * attempts) {
      this.#open(now + openFor);
    }
  }

  #count(outcome: 'success' | 'failure', now: number): void {
    const at = Math.floor(now / second) * second;
    this.#seconds = this.#seconds.filter((each) => each.at > at - window);
    const last = this.#seconds.at(-1);
    const current = last?.at === at ? last : { at, success: 0, failure: 0 };
    if (current !== last) this.#seconds.push(current);
    current[outcome] += 1;
  }

  #open(until: number): void {
    this.#openUntil = until;
    this.#setState('open');
  }

  #setState(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
    this.#seconds = [];
    this.#onChange(state);
  }
}
