import { isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';
import { workRecord } from '../observability/work.ts';
import { storageFaultOf } from '../storage/storage-fault.ts';

/** A loop that works on the due rows of a queue, one at a time. It never throws. */
export type QueueWorker = {
  /** Starts claiming. */
  start(): void;
  /** Looks for due rows immediately. Has no effect before start() and after stop(). */
  wake(): void;
  /** Stops claiming; resolves when the running attempt has an outcome. Aborts it after `timing.stopGrace`. */
  stop(): Promise<void>;
};

/** Stores the outcome of an attempt. */
export type StoreOutcome<Queue> = (queue: Queue) => Promise<void>;

export type QueueWorkerOptions<Queue, Item> = {
  /** What the worker does, for the log and the metrics, such as `mail delivery`. */
  work: string;
  /** Called in every round, so that a storage that failed to open is opened again. */
  queue: () => Promise<Queue>;
  claim(queue: Queue): Promise<Item | undefined>;
  /**
   * Makes one attempt, and runs `store` with a function that stores its outcome.
   *
   * @param signal aborts during a shutdown
   */
  attempt(
    item: Item,
    signal: AbortSignal,
    store: (outcome: StoreOutcome<Queue>) => Promise<void>,
  ): Promise<void>;
  /** True while nothing must be claimed. */
  isPaused?: () => boolean;
  log: Logger;
  /** Milliseconds. */
  timing: { pollInterval: number; stopGrace: number };
};

export function createQueueWorker<Queue, Item>(options: QueueWorkerOptions<Queue, Item>): QueueWorker {
  const { work, log, timing, isPaused = () => false } = options;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let wokenDuringRound = false;
  let abort = new AbortController();
  /**
   * Stores the outcome of the latest attempt; undefined once it is stored. It is repeated before the next claim: without
   * its outcome, the row would be attempted again when its lease ends.
   */
  let unstored: StoreOutcome<Queue> | undefined;

  function wake(): void {
    if (!timer) return;
    if (round) {
      wokenDuringRound = true;
      return;
    }
    round = outsideRequests(drain).finally(() => {
      round = undefined;
      if (!wokenDuringRound) return;
      wokenDuringRound = false;
      wake();
    });
  }

  async function drain(): Promise<void> {
    const endWork = workRecord.start(work);
    try {
      const queue = await options.queue();
      await storeOutcome(queue);
      while (timer && !isPaused()) {
        const item = await options.claim(queue);
        if (item === undefined) return;
        await options.attempt(item, abort.signal, (outcome) => {
          unstored = outcome;
          return storeOutcome(queue);
        });
      }
    } catch (error) {
      // The storage logs its failures itself.
      if (!isAppError(error)) log.error({ err: error }, `${work} failed`);
    } finally {
      endWork();
    }
  }

  async function storeOutcome(queue: Queue): Promise<void> {
    try {
      await unstored?.(queue);
    } catch (error) {
      // The storage has not failed. Without this outcome, its row is claimed again, and the others are worked on.
      if (storageFaultOf(error) === 'failed') unstored = undefined;
      throw error;
    }
    unstored = undefined;
  }

  return {
    start() {
      if (timer) return;
      abort = new AbortController();
      timer = setInterval(wake, timing.pollInterval);
      timer.unref();
      wake();
    },
    wake,
    async stop() {
      clearInterval(timer);
      timer = undefined;
      if (round) {
        const grace = setTimeout(() => abort.abort(), timing.stopGrace);
        await round;
        clearTimeout(grace);
      }
      // The last chance: without its outcome, the next process attempts the row again.
      if (unstored) await drain();
    },
  };
}
