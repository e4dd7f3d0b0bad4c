import { limits } from '../config/limits.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** What a call tells of the upstream: nothing, when it ended for a reason on this side. */
export type Outcome = 'good' | 'bad' | 'nothing';

/** One call that was let through; its outcome is told once. */
export type Permit = (verdict: Outcome) => void;

type Second = { at: number; good: number; bad: number };

const { window, minimumAttempts: minimumTries, threshold, openFor } = limits.upstream.breaker;
const second = 1_000;

/**
 * Leaves an upstream alone that fails too often. Closed, it counts within a sliding window; open, it refuses; then it
 * is half open: one call, the probe, finds out, and only that one's outcome counts. What a call from before tells
 * when it ends late is of no account.
 */
export class CircuitBreaker {
  readonly #changed: (state: BreakerState) => void;
  #state: BreakerState = 'closed';
  /** Of the window, oldest first. */
  #seconds: Second[] = [];
  #openUntil = 0;
  /** Grows with each change of state: a ticket of another one is out of date. */
  #generation = 0;

  constructor(changed: (state: BreakerState) => void) {
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** @returns a ticket, or how many milliseconds are left until it is worth asking again; 0 when nobody can say */
  admit(now = Date.now()): Permit | number {
    if (this.#state === 'half_open') return 0;
    if (this.#state === 'open') {
      if (now < this.#openUntil) return this.#openUntil - now;
      this.#become('half_open');
    }
    const generation = this.#generation;
    return (verdict) => {
      if (generation === this.#generation) this.#settle(verdict);
    };
  }

  #settle(verdict: Outcome): void {
    const now = Date.now();
    if (this.#state === 'half_open') {
      if (verdict === 'good') this.#become('closed');
      else this.#open(now);
      return;
    }
    if (verdict === 'nothing') return;
    this.#count(verdict, now);
    const bad = this.#seconds.reduce((sum, each) => sum + each.bad, 0);
    const all = this.#seconds.reduce((sum, each) => sum + each.good + each.bad, 0);
    if (verdict === 'bad' && all >= minimumTries && bad > threshold * all) this.#open(now);
  }

  #count(verdict: 'good' | 'bad', now: number): void {
    const at = Math.floor(now / second) * second;
    // Also what a clock that was set back has left in the future.
    this.#seconds = this.#seconds.filter((each) => each.at > at - window && each.at <= at);
    const last = this.#seconds.at(-1);
    const current = last?.at === at ? last : { at, good: 0, bad: 0 };
    if (current !== last) this.#seconds.push(current);
    current[verdict] += 1;
  }

  #open(now: number): void {
    this.#openUntil = now + openFor;
    this.#become('open');
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#generation += 1;
    this.#seconds = [];
    this.#changed(state);
  }
}
