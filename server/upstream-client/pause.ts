import { limits } from '../config/limits.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { UpstreamFailure } from './failure.ts';

const { throttlePause, throttlePauseCap } = limits.upstream;

/** The time in which no requests are sent, after a response that asked for that. */
export class Pause {
  #until = 0;
  /** Number of throttled responses without a stated time, each after the pause of the one before it. */
  #throttledInARow = 0;

  /** Milliseconds until the pause ends. Negative if there is none. */
  get left(): number {
    return this.#until - performance.now();
  }

  /**
   * Begins a pause of the time that the upstream stated. Without one, the pause doubles with each throttled response in a
   * row. Keeps a longer pause.
   *
   * @returns seconds until the pause ends
   */
  begin(statedSeconds: number | undefined): number {
    let milliseconds = 0;
    if (statedSeconds !== undefined) milliseconds = statedSeconds * 1000;
    // Responses to requests that were sent before the pause do not extend it.
    else if (this.left <= 0) {
      this.#throttledInARow += 1;
      milliseconds = exponentialBackoff(this.#throttledInARow, {
        base: throttlePause,
        cap: throttlePauseCap,
      });
    }
    this.#until = Math.max(this.#until, performance.now() + milliseconds);
    return wholeSeconds(this.left);
  }

  /** Ends the row of throttled responses. */
  succeeded(): void {
    if (this.left <= 0) this.#throttledInARow = 0;
  }

  /** @throws UpstreamFailure `paused` during the pause */
  reject(): void {
    const { left } = this;
    if (left > 0) throw new UpstreamFailure('paused', { retryAfterSeconds: wholeSeconds(left) });
  }
}

export function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
