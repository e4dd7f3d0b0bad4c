import { limits } from '../config/limits.ts';
import { UpstreamFailure } from './failure.ts';
import { toUpstreamFailure } from './http.ts';

const { queueRetryAfterSeconds } = limits.upstream;

/** Limits concurrent calls and the queue of those that wait, so that one slow upstream cannot use up this server. */
export class Bulkhead {
  readonly #connections: number;
  readonly #queue: number;
  #running = 0;
  /** Starts each of the calls that wait, in the order of their arrival. */
  readonly #waiting = new Set<() => void>();

  constructor({ connections, queue }: { connections: number; queue: number }) {
    this.#connections = connections;
    this.#queue = queue;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits until a connection is free.
   *
   * @returns a function that passes the connection on to the next call. It must be called once
   * @throws UpstreamFailure `queue_full`; `waited` or `cancelled` if `signal` aborts first
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw abortFailure(signal);
    if (this.#running < this.#connections) this.#running += 1;
    else await this.#wait(signal);
    return () => this.#release();
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      throw new UpstreamFailure('queue_full', { retryAfterSeconds: queueRetryAfterSeconds });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const leave = () => {
      this.#waiting.delete(resolve);
      reject(abortFailure(signal));
    };
    signal.addEventListener('abort', leave, { once: true });
    return promise;
  }

  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

function abortFailure(signal: AbortSignal): UpstreamFailure {
  return toUpstreamFailure(signal.reason, signal, 'reset', 'waited');
}
