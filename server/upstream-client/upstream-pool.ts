import { setTimeout as delay } from 'node:timers/promises';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { limits } from '../config/limits.ts';
import { type BreakerState, CircuitBreaker, type Outcome } from './circuit-breaker.ts';
import { type Fault, ruleOf, UpstreamFailure } from './failure.ts';
import { asFailure, createDispatchers, type Dispatchers } from './http.ts';
import { RetryBudget, retryDelay, timerSlack } from './retry.ts';

const { retries, pauseCap, queueRetryAfterSeconds } = limits.upstream;

/** What one upstream may take of this server; `limits.upstream` where a declaration says nothing else. */
export type UpstreamPoolLimits = {
  /** Calls at one time. */
  connections: number;
  /** Calls that may wait for one of them. */
  queue: number;
  /** Streams of raw endpoints at one time, beside the calls. */
  streams: number;
  /** Decoded bytes of an answer that is read into memory. */
  answerBytes: number;
};

/** Where a connection tells what happens on it. */
export type UpstreamPoolEvents = {
  /** One try: ok, or how it failed. */
  tried(outcome: 'ok' | Fault): void;
  breakerChanged(state: BreakerState): void;
};

export type Work<T> = (dispatchers: Dispatchers, signal: AbortSignal) => Promise<T>;

export type UpstreamPool = {
  /**
   * Runs one call within one deadline over everything: waiting, tries, pauses between them, body.
   *
   * @param options.repeatable whether it may be tried again
   * @throws UpstreamFailure
   */
  call<T>(
    options: { deadline: number; repeatable: boolean; signal?: AbortSignal | undefined },
    work: Work<T>,
  ): Promise<T>;
  /**
   * Runs what goes on after the head of its answer: it has a compartment of its own, which `work` leaves by
   * `release`, and no second try.
   *
   * @throws UpstreamFailure
   */
  stream<T>(work: (dispatchers: Dispatchers, release: () => void) => Promise<T>): Promise<T>;
  readonly state: { breaker: BreakerState; running: number; waiting: number; streams: number };
  close(): Promise<void>;
};

/** Refused on this side before anything was sent. */
const notAsked: ReadonlySet<Fault> = new Set(['breaker_open', 'paused', 'queue_full']);

/** Ended on this side: of the upstream it tells nothing. */
const saysNothing: ReadonlySet<Fault> = new Set([
  'cancelled',
  'queue_full',
  'waited',
  'breaker_open',
  'paused',
]);

function outcomeOf(fault: Fault): Outcome {
  if (saysNothing.has(fault)) return 'nothing';
  return ruleOf(fault).breaks ? 'bad' : 'good';
}

/**
 * What this server has towards one upstream: a few connections and a short queue before them, a circuit breaker,
 * a retry budget. A slow or broken upstream fills its own compartment and nothing else, so the others are not
 * harmed.
 */
export function createUpstreamPool(
  origin: string,
  connectionLimits: UpstreamPoolLimits,
  events: UpstreamPoolEvents,
): UpstreamPool {
  const dispatchers = createDispatchers(origin, {
    connections: connectionLimits.connections + connectionLimits.streams,
    answerBytes: connectionLimits.answerBytes,
  });
  const compartment = bulkhead(connectionLimits.connections, connectionLimits.queue);
  const budget = new RetryBudget();
  const breaker = new CircuitBreaker(events.breakerChanged);
  events.breakerChanged(breaker.state);
  /** The upstream wants to be left alone until then. */
  let pausedUntil = 0;
  let streams = 0;

  /** Refuses what would be of no use, or of harm, to send now. */
  function acquire() {
    const now = Date.now();
    if (now < pausedUntil) {
      throw new UpstreamFailure('paused', { retryAfterSeconds: wholeSeconds(pausedUntil - now) });
    }
    const admitted = breaker.admit(now);
    if (typeof admitted === 'function') return admitted;
    throw new UpstreamFailure('breaker_open', { retryAfterSeconds: wholeSeconds(admitted) });
  }

  /** One try, whatever it is, with its outcome counted. */
  async function attempt<T>(run: () => Promise<T>): Promise<T> {
    let settle: (verdict: Outcome) => void = () => {};
    try {
      settle = acquire();
      const result = await run();
      settle('good');
      events.tried('ok');
      return result;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        settle('nothing');
        throw error;
      }
      const { fault, retryAfterSeconds } = error;
      settle(outcomeOf(fault));
      events.tried(fault);
      if (fault === 'throttled' || fault === 'unavailable') pause(retryAfterSeconds);
      throw error;
    }
  }

  function pause(seconds = 0): void {
    pausedUntil = Math.max(pausedUntil, Date.now() + Math.min(seconds * 1000, pauseCap));
  }

  /** As the failure has it, and not before the upstream wants to be asked again. */
  function waitBefore(failure: UpstreamFailure, tries: number): number | undefined {
    const wait = retryDelay(failure, tries);
    return wait === undefined ? undefined : Math.max(wait, pausedUntil - Date.now() + timerSlack);
  }

  /** @param before the breaker's state when the call was let through */
  function refuseLate(before: BreakerState): void {
    const pause = pausedUntil - Date.now();
    if (pause > 0) throw new UpstreamFailure('paused', { retryAfterSeconds: wholeSeconds(pause) });
    if (breaker.state !== before) {
      throw new UpstreamFailure('breaker_open', { retryAfterSeconds: queueRetryAfterSeconds });
    }
  }

  async function inCompartment<T>(work: Work<T>, signal: AbortSignal): Promise<T> {
    let started = false;
    const stateBefore = breaker.state;
    try {
      signal.throwIfAborted();
      return await Promise.race([
        compartment.execute(() => {
          started = true;
          // What has waited may be of no use any more.
          refuseLate(stateBefore);
          return work(dispatchers, signal);
        }, signal),
        // Nobody looks at the deadline of what still waits in the queue.
        rejectWhenAborted(signal),
      ]);
    } catch (cause) {
      if (cause instanceof UpstreamFailure) throw cause;
      if (cause instanceof BulkheadRejectedError) {
        throw new UpstreamFailure('queue_full', { cause, retryAfterSeconds: queueRetryAfterSeconds });
      }
      throw signal.aborted ? asFailure(cause, signal, 'reset', started ? 'deadline' : 'waited') : cause;
    }
  }

  return {
    async call({ deadline, repeatable, signal }, work) {
      const endsAt = performance.now() + deadline;
      const overdue = AbortSignal.timeout(deadline);
      const ended = signal ? AbortSignal.any([overdue, signal]) : overdue;
      let failure: UpstreamFailure | undefined;
      budget.earn();
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(() => inCompartment(work, ended));
        } catch (error) {
          if (!(error instanceof UpstreamFailure)) throw error;
          // That nothing more was sent is not why the call failed.
          failure = failure && notAsked.has(error.fault) ? failure : error;
          const wait = repeatable && tries <= retries ? waitBefore(error, tries) : undefined;
          if (wait === undefined || performance.now() + wait >= endsAt || !budget.spend()) throw failure;
          if (!(await slept(wait, ended))) throw failure;
        }
      }
    },

    async stream(work) {
      if (streams >= connectionLimits.streams) {
        events.tried('queue_full');
        throw new UpstreamFailure('queue_full', { retryAfterSeconds: queueRetryAfterSeconds });
      }
      streams += 1;
      let released = false;
      const release = () => {
        if (!released) streams -= 1;
        released = true;
      };
      try {
        return await attempt(() => work(dispatchers, release));
      } catch (error) {
        release();
        throw error;
      }
    },

    get state() {
      return {
        breaker: breaker.state,
        running: connectionLimits.connections - compartment.executionSlots,
        waiting: connectionLimits.queue - compartment.queueSlots,
        streams,
      };
    },

    close: () => dispatchers.close(),
  };
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** @returns whether the time has passed */
function slept(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return delay(milliseconds, true, { signal }).catch(() => false);
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
