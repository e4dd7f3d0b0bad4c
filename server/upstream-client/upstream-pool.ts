import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../config/limits.ts';
import { Admission } from './admission.ts';
import { Bulkhead } from './bulkhead.ts';
import type { BreakerState, Outcome, Permit } from './circuit-breaker.ts';
import { type Fault, ruleOf, UpstreamFailure } from './failure.ts';
import { type ConnectionSettings, createDispatchers, type Dispatchers, toUpstreamFailure } from './http.ts';
import { RetryBudget, retryDelay, timerSlack } from './retry.ts';
import { createUserLanes, type UserLane } from './user-lanes.ts';

const { retries, queueRetryAfterSeconds } = limits.upstream;

/** Limits of one upstream. Default: `limits.upstream`. */
export type UpstreamPoolLimits = {
  /** Maximum number of concurrent calls. */
  connections: number;
  /** Maximum number of calls that wait for a connection. */
  queue: number;
  /** Maximum number of concurrent streams of raw endpoints. They do not count as calls. */
  streams: number;
  /** Maximum size of a response that is read into memory, in decoded bytes. */
  responseBytes: number;
};

export type UpstreamPoolEvents = {
  /** Called after each attempt, including attempts that were rejected locally. */
  attemptEnded(outcome: 'ok' | Fault): void;
  breakerChanged(state: BreakerState): void;
};

export type Work<T> = (dispatchers: Dispatchers, signal: AbortSignal) => Promise<T>;

export type UpstreamPool = {
  /**
   * Runs one call. One deadline covers everything: the queue, all attempts, the backoff between them and the body.
   *
   * @param options.repeatable whether the call may be retried
   * @param options.userId the user on whose behalf it is made. Users have equal shares, and each their own pauses
   * @throws UpstreamFailure
   */
  call<T>(
    options: {
      deadline: number;
      repeatable: boolean;
      signal?: AbortSignal | undefined;
      userId?: string | undefined;
    },
    work: Work<T>,
  ): Promise<T>;
  /**
   * Runs one stream, which continues after the head of its response. Streams have their own concurrency limit and are
   * never retried. `work` must call `release` when the stream has ended.
   *
   * @throws UpstreamFailure
   */
  stream<T>(
    work: (dispatchers: Dispatchers, release: () => void) => Promise<T>,
    options?: { userId?: string | undefined },
  ): Promise<T>;
  readonly state: { breaker: BreakerState; running: number; waiting: number; streams: number };
  close(): Promise<void>;
};

/** Faults of attempts that were rejected before anything was sent. */
const notSentFaults: ReadonlySet<Fault> = new Set(['breaker_open', 'paused', 'queue_full']);

/** Faults that say nothing about the health of the upstream, because no response was received or awaited. */
const localFaults: ReadonlySet<Fault> = new Set([
  'address',
  'cancelled',
  'upload_reset',
  'queue_full',
  'waited',
  'breaker_open',
  'paused',
]);

function outcomeOf(fault: Fault): Outcome {
  if (localFaults.has(fault)) return 'ignored';
  return ruleOf(fault).breaks ? 'failure' : 'success';
}

/**
 * Creates the pool of one upstream: its connections, a short queue, a circuit breaker and a retry budget. Each upstream
 * has a pool of its own, so a slow or broken upstream does not affect the others.
 */
export function createUpstreamPool(
  origin: string,
  poolLimits: UpstreamPoolLimits,
  settings: ConnectionSettings,
  events: UpstreamPoolEvents,
): UpstreamPool {
  const dispatchers = createDispatchers(origin, {
    connections: poolLimits.connections + poolLimits.streams,
    responseBytes: poolLimits.responseBytes,
    settings,
  });
  const bulkhead = new Bulkhead(poolLimits);
  const laneOf = createUserLanes(poolLimits.connections);
  const budget = new RetryBudget();
  const admission = new Admission(events.breakerChanged);
  events.breakerChanged(admission.breakerState);
  let streams = 0;

  /** Runs one attempt of a call, or a stream, and reports its outcome. */
  async function attempt<T>(run: () => Promise<T>, lane: UserLane | undefined): Promise<T> {
    let report: Permit = () => {};
    try {
      lane?.pause.reject();
      report = admission.acquire();
      const result = await run();
      report('success');
      admission.pause.succeeded();
      lane?.pause.succeeded();
      events.attemptEnded('ok');
      return result;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        report('ignored');
        throw error;
      }
      const { fault, statedWaitSeconds, cause } = error;
      report(outcomeOf(fault));
      events.attemptEnded(fault);
      if (fault === 'throttled' || statedWaitSeconds !== undefined) {
        // A rate limit of the user is no reason to stop the calls of others.
        const pause = fault === 'throttled' && lane ? lane.pause : admission.pause;
        const retryAfterSeconds = pause.begin(statedWaitSeconds);
        throw new UpstreamFailure(fault, { cause, statedWaitSeconds, retryAfterSeconds });
      }
      throw error;
    }
  }

  /** Runs one attempt of a call as soon as a connection is free. */
  async function attemptQueued<T>(
    work: Work<T>,
    signal: AbortSignal,
    lane: UserLane | undefined,
  ): Promise<T> {
    let leaveLane = () => {};
    let release = () => {};
    let ended: Promise<unknown> = Promise.resolve();
    try {
      return await attempt(async () => {
        const stateBefore = admission.breakerState;
        if (lane) leaveLane = await lane.bulkhead.acquire(signal);
        release = await bulkhead.acquire(signal);
        lane?.pause.reject();
        admission.recheck(stateBefore);
        const result = work(dispatchers, signal);
        ended = result.catch(() => undefined);
        // The HTTP library does not abort a request that waits for its connection.
        return Promise.race([result, rejectWhenAborted(signal)]);
      }, lane);
    } finally {
      // The outcome has been reported: a circuit that it opened and a pause that it began apply to the next call.
      void ended.then(() => {
        release();
        leaveLane();
      });
    }
  }

  /** Returns the milliseconds until the next attempt, never before a pause ends; undefined if a retry is useless. */
  function backoff(
    failure: UpstreamFailure,
    attempts: number,
    lane: UserLane | undefined,
  ): number | undefined {
    const wait = retryDelay(failure, attempts);
    if (wait === undefined) return undefined;
    const pauseLeft = Math.max(admission.pause.left, lane?.pause.left ?? 0);
    return Math.max(wait, pauseLeft + timerSlack);
  }

  /** @throws UpstreamFailure `queue_full` */
  function acquireStream(): () => void {
    if (streams >= poolLimits.streams) {
      events.attemptEnded('queue_full');
      throw new UpstreamFailure('queue_full', { retryAfterSeconds: queueRetryAfterSeconds });
    }
    streams += 1;
    let released = false;
    return () => {
      if (!released) streams -= 1;
      released = true;
    };
  }

  return {
    async call({ deadline, repeatable, signal, userId }, work) {
      const lane = userId === undefined ? undefined : laneOf(userId);
      const endsAt = performance.now() + deadline;
      const timeout = AbortSignal.timeout(deadline);
      const ended = signal ? AbortSignal.any([timeout, signal]) : timeout;
      let failure: UpstreamFailure | undefined;
      budget.earn();
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await attemptQueued(work, ended, lane);
        } catch (error) {
          if (!(error instanceof UpstreamFailure)) throw error;
          // If a retry was not sent, the call fails with the failure of the previous attempt.
          failure = failure && notSentFaults.has(error.fault) ? failure : error;
          const wait = repeatable && attempts <= retries ? backoff(error, attempts, lane) : undefined;
          if (wait === undefined || performance.now() + wait >= endsAt || !budget.spend()) throw failure;
          if (!(await sleep(wait, ended))) throw failure;
        }
      }
    },

    async stream(work, { userId } = {}) {
      const lane = userId === undefined ? undefined : laneOf(userId);
      const release = acquireStream();
      try {
        return await attempt(() => work(dispatchers, release), lane);
      } catch (error) {
        release();
        throw error;
      }
    },

    get state() {
      return {
        breaker: admission.breakerState,
        running: bulkhead.running,
        waiting: bulkhead.waiting,
        streams,
      };
    },

    close: () => dispatchers.close(),
  };
}

/** @returns false if the signal aborted first */
function sleep(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return delay(milliseconds, true, { signal }).catch(() => false);
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(toUpstreamFailure(signal.reason, signal, 'reset')), {
      once: true,
    });
  });
}
