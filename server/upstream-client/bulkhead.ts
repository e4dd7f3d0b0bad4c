import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { limits } from '../config/limits.ts';
import { UpstreamFailure } from './failure.ts';
import { toUpstreamFailure } from './http.ts';

const { queueRetryAfterSeconds } = limits.upstream;

/** Limits concurrent calls and the queue of those that wait, so that one slow upstream cannot use up this server. */
export class Bulkhead {
  readonly #connections: number;
  readonly #queue: number;
  readonly #policy: ReturnType<typeof bulkhead>;

  constructor({ connections, queue }: { connections: number; queue: number }) {
    this.#connections = connections;
    this.#queue = queue;
    this.#policy = bulkhead(connections, queue);
  }

  get running(): number {
    return this.#connections - this.#policy.executionSlots;
  }

  get waiting(): number {
    return this.#queue - this.#policy.queueSlots;
  }

  /**
   * Runs `work` as soon as a connection is free.
   *
   * @throws UpstreamFailure `queue_full`; `waited` or `deadline` if `signal` times out before or after `work` started;
   * `cancelled`; or the error of `work`
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let started = false;
    try {
      signal.throwIfAborted();
      return await Promise.race([
        this.#policy.execute(() => {
          started = true;
          return work();
        }, signal),
        // cockatiel does not end calls that still wait in the queue when the signal aborts.
        rejectWhenAborted(signal),
      ]);
    } catch (cause) {
      if (cause instanceof UpstreamFailure) throw cause;
      if (cause instanceof BulkheadRejectedError) {
        throw new UpstreamFailure('queue_full', { cause, retryAfterSeconds: queueRetryAfterSeconds });
      }
      throw signal.aborted
        ? toUpstreamFailure(cause, signal, 'reset', started ? 'deadline' : 'waited')
        : cause;
    }
  }
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
