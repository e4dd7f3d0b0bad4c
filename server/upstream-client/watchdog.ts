/** Aborts a stream if it makes no progress for too long. */
export class Watchdog {
  readonly #milliseconds: number;
  readonly #abort: AbortController;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, abort: AbortController) {
    this.#milliseconds = milliseconds;
    this.#abort = abort;
  }

  /** Starts the timer, or restarts it. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(
      () => this.#abort.abort(new DOMException('the stream has stalled', 'TimeoutError')),
      this.#milliseconds,
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
